"""A line of the timeline with what became of its event, where that is not what the event says."""

from __future__ import annotations

from dataclasses import replace

from django.utils.translation import gettext as _

from liebian.customers.types import Verdict
from liebian.customers.words.timeline import Line
from liebian.ui import formats


def judged(line: Line, verdict: Verdict | None) -> Line:
    if verdict is None:
        return line
    if verdict.reason:
        title = _("Not counted: %(event)s") % {"event": line.title}
        return replace(line, icon="ban", tone="warn", title=title, text=_after(line.text, verdict.reason))
    counted = formats.money(verdict.counted_minor, verdict.currency)
    if counted in line.title or line.title == _("Refunded in full"):
        return line
    return replace(line, text=_after(line.text, _("%(amount)s of it counts: no more was left") % {"amount": counted}))


def _after(text: str, more: str) -> str:
    return f"{text} · {more}" if text else more
