"""Everything that happened with one person, newest first, in keyset pages. Personal fields of events stay behind.

Recent events are rows of the database; what has left it is read from the lake, by the same order and the same cursor.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from django.conf import settings
from django.db.models import Q, QuerySet
from django.utils.module_loading import import_string

from liebian.core import keyset
from liebian.customers.models import CustomerEvent, IdentityChange
from liebian.customers.queries.seen import list_merged_into
from liebian.customers.types import Change, TimelineItem, TimelinePage, Verdict
from liebian.events import queries as events
from liebian.events.types import DAY_STARTED
from liebian.lake.queries import locate_rows

KINDS = ("all", "orders", "interactions", "referral", "identity")
_ORDER_NAMES = ("Order ",)
_REFERRAL_NAMES = ("Referral ", "Reward ", "Coupon ")
_DOING, _TELLING = ("page", "screen", "track"), ("identify", "alias", "group")
_ORDERS = Q(type="track", name__startswith=_ORDER_NAMES[0])
_REFERRAL = Q(type="track") & (
    Q(name__startswith=_REFERRAL_NAMES[0])
    | Q(name__startswith=_REFERRAL_NAMES[1])
    | Q(name__startswith=_REFERRAL_NAMES[2])
)
_INTERACTIONS = Q(type__in=_DOING) & ~_ORDERS & ~_REFERRAL
_KEYS = ["event_id", "at", "type", "name"]
Key = tuple[int, int]


def list_timeline(*, customer_id: int, kind: str = "all", before: str = "", limit: int = 20) -> TimelinePage:
    """One page in the order of time, ties by id. Raises Invalid "bad_cursor"."""
    own_ids = all_ids_of(customer_id)
    start = _start_of(before) if before else None
    keys = _recent_keys(own_ids, kind, start, limit + 1)
    if (
        border := events.get_retired_upto()
    ):  # asked after the database: what left it in between is found twice, not lost
        keys = sorted({*keys, *_retired_keys(own_ids, kind, start, limit + 1, border)}, reverse=True)
    shown = keys[:limit]
    return TimelinePage(
        items=_items([event_id for _, event_id in shown], own_ids),
        earlier=keyset.encode(*shown[-1]) if len(keys) > limit else None,
    )


def _start_of(before: str) -> Key:
    at_ms, event_id = keyset.decode(before, size=2)
    if not (isinstance(at_ms, int) and isinstance(event_id, int)):
        raise keyset.bad_cursor()
    return at_ms, event_id


def _recent_keys(own_ids: set[int], kind: str, start: Key | None, limit: int) -> list[Key]:
    rows = _of_kind(CustomerEvent.objects.filter(customer_id__in=own_ids), kind, own_ids)
    if start:
        at_ms, event_id = start
        rows = rows.filter(Q(at_ms__lt=at_ms) | Q(at_ms=at_ms, event_id__lt=event_id), at_ms__lte=at_ms)
    return list(rows.order_by("-at_ms", "-event_id").values_list("at_ms", "event_id")[:limit])


def _of_kind(rows: QuerySet[CustomerEvent], kind: str, own_ids: set[int]) -> QuerySet[CustomerEvent]:
    rows = rows.exclude(name=DAY_STARTED)
    if kind == "identity":
        return rows.filter(Q(type__in=_TELLING) | Q(event_id__in=_changing_events(own_ids)))
    wanted = {"orders": _ORDERS, "referral": _REFERRAL, "interactions": _INTERACTIONS}.get(kind)
    return rows.filter(wanted) if wanted is not None else rows


def _changing_events(own_ids: set[int]) -> list[int]:
    return list(IdentityChange.objects.filter(customer_id__in=own_ids).values_list("event_id", flat=True))


def _retired_keys(own_ids: set[int], kind: str, start: Key | None, limit: int, border: int) -> list[Key]:
    """The same page of what lives in the lake only."""
    rows = locate_rows("events", own_ids, _KEYS).keys
    at_ms = pc.divide(rows["at"].cast(pa.int64()), 1000).to_numpy()
    ids = rows["event_id"].to_numpy()
    wanted = (ids <= border) & _is_of_kind(rows, kind, own_ids)
    if start:
        wanted &= (at_ms < start[0]) | ((at_ms == start[0]) & (ids < start[1]))
    places = np.flatnonzero(wanted)
    newest = places[np.lexsort((ids[places], at_ms[places]))][::-1][:limit]
    return [(int(at_ms[place]), int(ids[place])) for place in newest]


def _is_of_kind(rows: pa.Table, kind: str, own_ids: set[int]) -> np.ndarray:
    names, types = rows["name"], rows["type"]
    tracked = _one_of(types, ("track",))
    orders, referral = tracked & _begins(names, _ORDER_NAMES), tracked & _begins(names, _REFERRAL_NAMES)
    if kind == "identity":
        found = _one_of(types, _TELLING) | np.isin(rows["event_id"].to_numpy(), _changing_events(own_ids))
    elif kind == "interactions":
        found = _one_of(types, _DOING) & ~orders & ~referral
    else:
        found = {"orders": orders, "referral": referral}.get(kind, np.ones(rows.num_rows, dtype=bool))
    return np.asarray(found & ~_one_of(names, (DAY_STARTED,)))


def _one_of(column: pa.ChunkedArray, values: tuple[str, ...]) -> np.ndarray:
    return np.asarray(pc.is_in(column, pa.array(values)).to_numpy())


def _begins(column: pa.ChunkedArray, starts: tuple[str, ...]) -> np.ndarray:
    return np.asarray(np.logical_or.reduce([pc.starts_with(column, start).to_numpy() for start in starts]))


def list_verdicts(page: TimelinePage, customer_id: int) -> dict[int, Verdict]:
    """What became of the events of a page, as the context that the configuration names has judged them."""
    judge: Callable[[list[int], set[int]], dict[int, Verdict]] = import_string(settings.TIMELINE_VERDICTS)
    return judge([item.event.id for item in page.items], all_ids_of(customer_id))


def all_ids_of(customer_id: int) -> set[int]:
    """The person and everybody who turned out to be them. For modules of this context only."""
    return {customer_id, *list_merged_into([customer_id]).get(customer_id, ())}


def list_told_ids(own_ids: set[int], limit: int) -> list[int]:
    """Events in which the person told something about themselves, last in the log first."""
    rows = CustomerEvent.objects.filter(customer_id__in=own_ids, type="identify").order_by("-event_id")
    found = list(rows.values_list("event_id", flat=True)[:limit])
    if len(found) < limit and (border := events.get_retired_upto()):
        located = locate_rows("events", own_ids, ["event_id", "type"]).keys
        ids = located["event_id"].to_numpy()
        told = ids[_one_of(located["type"], ("identify",)) & (ids <= border)]
        found = sorted({*found, *told.tolist()}, reverse=True)[:limit]
    return found


def _items(event_ids: list[int], own_ids: Iterable[int]) -> tuple[TimelineItem, ...]:
    records = events.list_events_by_id(event_ids, owners=own_ids)
    changes: dict[int, list[Change]] = defaultdict(list)
    rows = IdentityChange.objects.filter(event_id__in=event_ids, customer_id__in=list(own_ids)).order_by("id")
    for row in rows:
        changes[row.event_id].append(Change(row.kind, row.customer_id, row.other_id, row.identifier_kind))
    return tuple(
        TimelineItem(
            event=replace(record, personal={}), told=tuple(record.personal), changes=tuple(changes.get(record.id, ()))
        )
        for event_id in event_ids
        if (record := records.get(event_id))
    )
