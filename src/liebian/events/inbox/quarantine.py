"""Reads of the quarantine: groups that failed alike, and single messages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from django.db.models import Count, Max, Q, QuerySet

from liebian.core import crypto
from liebian.core.errors import NotFound
from liebian.core.moments import millis_of, moment_of
from liebian.core.texts import mark as _
from liebian.events.inbox.types import WAITING, Group, QuarantinedMessage, Selection
from liebian.events.models import Quarantined
from liebian.events.queries import QUARANTINE_CONTEXT

_GROUP = ("source", "code", "type", "name")


def open_message(sealed: bytes | memoryview) -> dict[str, Any]:
    """The whole message as it arrived."""
    message = crypto.unseal(sealed, context=QUARANTINE_CONTEXT)
    return message if isinstance(message, dict) else {}


class GroupFilter(NamedTuple):
    source: str = ""
    code: str = ""
    name: str = ""


def list_groups(
    wanted: GroupFilter = GroupFilter(), *, sort: str = "count", is_descending: bool = True,
    after: Sequence[str | int] = (), limit: int = 50,
) -> list[Group]:  # fmt: skip
    """Waiting messages by source, reason and event, the largest group first unless told. `after` is the place of the last group of the
    page before."""
    columns = [(sort, is_descending), *[(name, False) for name in _GROUP if name != sort]]
    groups = _groups(wanted)
    if after:
        groups = groups.filter(_behind(columns, after))
    groups = groups.order_by(*[f"-{name}" if falls else name for name, falls in columns])
    return [Group(**{**group, "newest": moment_of(group["newest"])}) for group in groups[:limit]]


def place_of(group: Group, sort: str) -> list[str | int]:
    """Where a group stands in a list that is sorted so."""
    values = {"count": group.count, "newest": millis_of(group.newest)}
    return [values.get(name) or str(getattr(group, name)) for name in (sort, *[one for one in _GROUP if one != sort])]


def count_groups(wanted: GroupFilter) -> int:
    return int(_groups(wanted).count())


def list_group_choices() -> tuple[list[str], list[str]]:
    """(sources, reasons) of what waits."""
    rows = Quarantined.objects.filter(state=WAITING).order_by()
    sources, codes = (sorted(rows.values_list(name, flat=True).distinct()) for name in ("source", "code"))
    return sources, codes


def _groups(wanted: GroupFilter) -> Any:
    rows = Quarantined.objects.filter(state=WAITING, name__icontains=wanted.name)
    rows = rows.filter(**{name: value for name, value in wanted._asdict().items() if value and name != "name"})
    return rows.values(*_GROUP).annotate(count=Count("pk"), newest=Max("received_ms"))


def _behind(columns: Sequence[tuple[str, bool]], values: Sequence[str | int]) -> Q:
    found = Q()
    for place, (name, falls) in enumerate(columns):
        same = {columns[before][0]: values[before] for before in range(place)}
        found |= Q(**same, **{f"{name}__{'lt' if falls else 'gt'}": values[place]})
    return found


def count_states() -> dict[str, int]:
    rows = Quarantined.objects.values("state").annotate(count=Count("pk")).order_by()
    return {row["state"]: row["count"] for row in rows}


def selected(wanted: Selection, state: str = WAITING) -> QuerySet[Quarantined]:
    """The messages that a selection means, waiting ones unless told. An empty selection means none."""
    rows = Quarantined.objects.filter(state=state)
    if wanted.is_empty:
        return rows.none()
    if wanted.ids:
        rows = rows.filter(pk__in=wanted.ids)
    for name in ("source", "code"):
        if value := getattr(wanted, name):
            rows = rows.filter(**{name: value})
    for name in ("type", "name"):  # a message may have none: that is another group than all
        if (value := getattr(wanted, name)) is not None:
            rows = rows.filter(**{name: value})
    return rows


def count_selected(wanted: Selection) -> int:
    return selected(wanted).count()


def list_quarantined(
    wanted: Selection, *, state: str = WAITING, before: int | None = None, limit: int = 50
) -> list[QuarantinedMessage]:
    """The newest first; `before` is the id of the last one of the page before. An empty selection means all of the state."""
    rows = Quarantined.objects.filter(state=state) if wanted.is_empty else selected(wanted, state)
    if before is not None:
        rows = rows.filter(pk__lt=before)
    return [_view(row) for row in rows.order_by("-pk")[:limit]]


def get_quarantined(message_id: int) -> QuarantinedMessage:
    row = Quarantined.objects.filter(pk=message_id).first()
    if row is None:
        raise NotFound("quarantined_not_found", _("There is no such message in quarantine."))
    return _view(row)


def _view(row: Quarantined) -> QuarantinedMessage:
    return QuarantinedMessage(
        id=row.pk, source=row.source, type=row.type, name=row.name, received_at=moment_of(row.received_ms), code=row.code,
        findings=tuple(row.reasons), state=row.state, changed_at=row.changed_at, message=open_message(row.message),
    )  # fmt: skip
