"""What is kept where and for how long, as rows of the pipeline page."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from liebian.events import queries as events
from liebian.events.types import KEPT_REFUSALS
from liebian.ui.formats import moment, number


class Kept(NamedTuple):
    what: str
    where: str
    how_long: str
    next: str = ""


def list_kept(now: datetime) -> list[Kept]:
    days = settings.LOG_DAYS
    span = ngettext("%(n)s day", "%(n)s days", days) % {"n": number(days)}
    hours = settings.ERASED_FILES_HOURS
    replaced = ngettext("%(n)s hour", "%(n)s hours", hours) % {"n": number(hours)}
    return [
        Kept(
            _("Stored events"),
            _("Database"),
            _("%(span)s after they came in (LIEBIAN_LOG_DAYS), and until every stage has read them and the lake has them")
            % {"span": span},
            _leaves(events.find_oldest_received_at(), days, now),
        ),
        Kept(
            _("Events, orders, customers"),
            _("Lake"),
            _("For good. Files that a newer version replaced stay for a week, those that an erasure replaced for %(span)s")
            % {"span": replaced},
        ),
        Kept(
            _("Keys by which repeats are known"),
            _("Database"),
            _("For good, 16 bytes for each message: a repeat is refused also when its event has left for the lake"),
        ),
        Kept(_("Messages that wait in quarantine"), _("Database, sealed"), _("Until somebody repairs or dismisses them")),
        Kept(
            _("Messages that were repaired or dismissed"),
            _("Database, sealed"),
            _("%(span)s after that (LIEBIAN_LOG_DAYS); their keys stay") % {"span": span},
            _leaves(events.find_oldest_decided_at(), days, now),
        ),
        Kept(
            _("Refused requests"),
            _("Database, sealed"),
            _("The newest %(n)s, each with the first 2 KB of its body") % {"n": number(KEPT_REFUSALS)},
        ),
    ]  # fmt: skip


def _leaves(since: datetime | None, days: int, now: datetime) -> str:
    if since is None:
        return ""
    due = since + timedelta(days=days)
    if due <= now:
        return _("due now")
    return _("from %(when)s on") % {"when": moment(due)}
