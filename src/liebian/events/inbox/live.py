"""The newest arrivals, merged from the log, the quarantine and the refusals. Reads by primary key only, so it stays quick
however long the log is; filters look at what was read, in Python.
"""

from __future__ import annotations

from datetime import date
from typing import Any, NamedTuple

from django.db.models import F, Max, Sum

from liebian.core import crypto
from liebian.core.errors import NotFound
from liebian.core.moments import moment_of
from liebian.core.texts import mark as _
from liebian.events import archive
from liebian.events.inbox.types import ACCEPTED, CORRECTED, QUARANTINED, REFUSED, Arrival
from liebian.events.models import Event, Quarantined, RefusedRequest, SourceDay
from liebian.events.queries import REFUSED_CONTEXT, list_events_by_id
from liebian.events.types import INTERNAL_SOURCE, EventRecord

LOOKED_AT = 1000  # with a filter
GLANCED_AT = 200  # without one
SHOWN = 50


class Filter(NamedTuple):
    source: str = ""
    kind: str = ""
    name: str = ""

    def takes(self, arrival: Arrival) -> bool:
        return (
            (not self.source or arrival.source == self.source)
            and (not self.kind or arrival.kind == self.kind)
            and (not self.name or self.name.lower() in (arrival.name or arrival.type).lower())
        )


def get_position(today: date) -> str:
    """Where the three logs end, and the day's counts: text that changes when something arrives, repeats included."""
    ends = [model.objects.aggregate(end=Max("pk"))["end"] or 0 for model in (Event, Quarantined, RefusedRequest)]
    counted = SourceDay.objects.filter(day=today).aggregate(
        sum=Sum(F("duplicates") + F("accepted") + F("quarantined") + F("refused") + F("throttled"))
    )
    return "-".join(map(str, [*ends, counted["sum"] or 0]))


def list_arrivals(wanted: Filter, *, limit: int = SHOWN) -> list[Arrival]:
    """The newest that the filter takes, newest first, among the last LOOKED_AT of each log."""
    depth = LOOKED_AT if any(wanted) else GLANCED_AT
    found: list[Arrival] = []
    if wanted.kind in {"", ACCEPTED, CORRECTED}:
        found += _events(depth)
    if wanted.kind in {"", QUARANTINED}:
        found += _quarantined(depth)
    if wanted.kind in {"", REFUSED}:
        found += _refused(depth)
    taken = [arrival for arrival in found if wanted.takes(arrival)]
    taken.sort(key=lambda arrival: (arrival.received_at, arrival.id), reverse=True)
    return taken[:limit]


def get_event(event_id: int) -> EventRecord:
    """Raises NotFound, also for what the product itself wrote."""
    event = list_events_by_id([event_id]).get(event_id)
    if event is None or event.source == INTERNAL_SOURCE:
        raise NotFound("event_not_found", _("There is no event %(event_id)s."), event_id=event_id)
    return event


def list_corrections(event_id: int) -> list[dict[str, Any]]:
    """What was corrected in an event, also when its row has left for the lake."""
    row = Event.objects.filter(pk=event_id).values_list("corrections").first()
    found = row[0] if row else archive.find_corrections(event_id)
    return found or []


def get_refused(refused_id: int) -> Arrival:
    row = RefusedRequest.objects.filter(pk=refused_id).values_list(*_REFUSED).first()
    if row is None:
        raise NotFound("refused_not_found", _("This refused request is no longer kept."))
    return _refusal(*row)


def get_excerpt(refused_id: int) -> str:
    """The beginning of the request's body, in clear: mask it before it is shown. Empty when there was none or it was erased."""
    sealed = RefusedRequest.objects.filter(pk=refused_id).values_list("excerpt", flat=True).first()
    return str(crypto.unseal(sealed, context=REFUSED_CONTEXT)) if sealed else ""


def _events(depth: int) -> list[Arrival]:
    columns = ("id", "source", "received_ms", "type", "name", "corrections")
    rows = Event.objects.order_by("-id").values_list(*columns)[:depth]
    return [
        Arrival(
            CORRECTED if corrections else ACCEPTED, id_, source, moment_of(ms), type_, name, findings=tuple(corrections or ())
        )
        for id_, source, ms, type_, name, corrections in rows
        if source != INTERNAL_SOURCE and type_ != "day"
    ]  # fmt: skip


def _quarantined(depth: int) -> list[Arrival]:
    columns = ("id", "source", "received_ms", "type", "name", "code", "reasons")
    rows = Quarantined.objects.order_by("-id").values_list(*columns)[:depth]
    return [
        Arrival(QUARANTINED, id_, source, moment_of(ms), type_, name, code, findings=tuple(reasons))
        for id_, source, ms, type_, name, code, reasons in rows
    ]


_REFUSED = ("id", "source", "received_ms", "status", "code", "details")


def _refused(depth: int) -> list[Arrival]:
    return [_refusal(*row) for row in RefusedRequest.objects.order_by("-id").values_list(*_REFUSED)[:depth]]


def _refusal(id_: int, source: str, ms: int, status: int, code: str, details: dict[str, Any] | None) -> Arrival:
    return Arrival(REFUSED, id_, source, moment_of(ms), code=code, status=status, details=details or {})
