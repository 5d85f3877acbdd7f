"""What events and orders add to the day facts of people. Decides numbers of facts and days; writes only the dictionary."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from django.conf import settings
from liebian_analytics.rules.packed import FIRST_DAY, LAST_DAY, Additions, day_number, merge_facts
from liebian_analytics.rules.packed_columns import EVENTS, ORDERS

from liebian.core.columns import select_in
from liebian.core.days import day_of
from liebian.orders.types import OrderMove
from liebian.segments.models import Fact

GONE = "gone"
"""Marks a customer who has ordered, though no order stands: they count as known from then on."""
MOST_FACTS = 65_000
_DAY_MS = 86_400_000
_EPOCH_DAYS = (FIRST_DAY - date(1970, 1, 1)).days
Key = tuple[str, str]
Contribution = tuple[Key, date, int, int]


def orders_kind(currency: str) -> str:
    return f"{ORDERS}:{currency}"


def gone_kind(currency: str) -> str:
    return f"{GONE}:{currency}"


def find_numbers(kinds: Iterable[str], names: Iterable[str] | None = None) -> dict[Key, int]:
    """Numbers of the facts of these kinds (and names)."""
    wanted = set(kinds)
    by, values = ("kind", sorted(wanted)) if names is None else ("name", sorted(set(names)))
    rows = select_in(Fact, ("id", "kind", "name"), by, values)
    return {(kind, name): number for number, kind, name in rows if kind in wanted}


def number_facts(keys: set[Key]) -> dict[Key, int]:
    """Numbers of these facts; new ones get one. What finds no place any more is left out.

    Writes Fact, outside of the step's transaction: a number that nobody uses harms nobody.
    """
    known = find_numbers({kind for kind, _ in keys}, {name for _, name in keys}) if keys else {}
    fresh = sorted(keys - known.keys())
    if fresh and Fact.objects.count() + len(fresh) <= MOST_FACTS:
        Fact.objects.bulk_create([Fact(kind=kind, name=name) for kind, name in fresh], ignore_conflicts=True)
        known = find_numbers({kind for kind, _ in keys}, {name for _, name in keys})
    return {key: known[key] for key in keys if key in known and known[key] <= MOST_FACTS}


@dataclass(slots=True)
class Gathered:
    """Additions on their way: five columns, and whose they are by seen id."""

    owners: list[int] = field(default_factory=list)
    keys: list[Key] = field(default_factory=list)
    days: list[int] = field(default_factory=list)
    counts: list[int] = field(default_factory=list)
    amounts: list[int] = field(default_factory=list)

    def add_events(self, owners: Sequence[int], names: Sequence[str], at_ms: Sequence[int]) -> None:
        days = business_days(np.asarray(at_ms, np.int64)).tolist()
        named = [index for index, name in enumerate(names) if name]
        self.owners += [owners[index] for index in named]
        self.keys += [(EVENTS, names[index]) for index in named]
        self.days += [days[index] for index in named]
        self.counts += [1] * len(named)
        self.amounts += [0] * len(named)

    def merged_into(self, blob_of: Callable[[int], bytes], numbers: dict[Key, int]) -> dict[int, bytes]:
        """The blobs of everybody to whom something is added, with it. Facts without a number are left out."""
        told = [index for index, key in enumerate(self.keys) if key in numbers]
        owners = sorted({self.owners[index] for index in told})
        place_of = {owner: place for place, owner in enumerate(owners)}
        additions = Additions.of(
            [place_of[self.owners[index]] for index in told],
            np.array([self.days[index] for index in told], np.int64),
            [numbers[self.keys[index]] for index in told],
            [self.counts[index] for index in told],
            [self.amounts[index] for index in told],
        )
        return dict(zip(owners, merge_facts([blob_of(owner) for owner in owners], additions), strict=True))

    def add_orders(self, owner: int, contributions: Iterable[Contribution], sign: int) -> None:
        for key, day, count, amount in contributions:
            self.owners.append(owner)
            self.keys.append(key)
            self.days.append(day_number(day))
            self.counts.append(sign * count)
            self.amounts.append(sign * amount)


def business_days(at_ms: np.ndarray[Any, np.dtype[np.int64]]) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Days since 1990-01-01 in the organisation's time zone.

    The offset is asked once per UTC day; on the few days on which it changes, per event.
    """
    first = (_EPOCH_DAYS + 1) * _DAY_MS
    last = ((LAST_DAY - date(1970, 1, 1)).days - 1) * _DAY_MS
    moments = np.clip(at_ms, first, last)
    utc_days, where = np.unique(moments // _DAY_MS, return_inverse=True)
    offsets = [_offset_of(day, settings.TIME_ZONE) for day in utc_days.tolist()]
    local = moments + np.array([0 if offset is None else offset for offset in offsets], np.int64)[where]
    found: np.ndarray[Any, np.dtype[np.int64]] = local // _DAY_MS - _EPOCH_DAYS
    uneven = np.array([offset is None for offset in offsets], bool)[where] if offsets else np.zeros(0, bool)
    for index in np.flatnonzero(uneven).tolist():
        moment = datetime.fromtimestamp(int(moments[index]) / 1000, UTC)
        found[index] = day_number(day_of(moment, settings.TIME_ZONE))
    return found


@lru_cache(maxsize=4096)
def _offset_of(utc_day: int, zone: str) -> int | None:
    """Milliseconds that local time is ahead all through a UTC day; None if that changes during the day."""
    ends = [datetime.fromtimestamp(utc_day * 86_400 + second, UTC).astimezone(ZoneInfo(zone)) for second in (0, 86_399)]
    offsets = {round((end.utcoffset() or ends[0] - ends[0]).total_seconds() * 1000) for end in ends}
    return offsets.pop() if len(offsets) == 1 else None


def contributions_of(moves: Iterable[OrderMove], today: date) -> list[Contribution]:
    """What one order is worth in day facts when `today` counts: once per currency, as `standing_orders` has it."""
    found: list[Contribution] = []
    by_currency: dict[str, list[tuple[OrderMove, date]]] = {}
    for move in moves:
        day = day_of(move.at, settings.TIME_ZONE)
        if day <= today:
            by_currency.setdefault(move.currency, []).append((move, day))
    for currency, counted in by_currency.items():
        if sum(move.n_orders for move, _ in counted) > 0:
            paid = [(move.channel, day) for move, day in counted if move.n_orders > 0]
            channel, day = max(channel for channel, _ in paid), min(day for _, day in paid)
            amount = sum(move.amount_minor for move, _ in counted)
            found.append(((orders_kind(currency), channel), day, 1, amount))
        else:
            found.append(((gone_kind(currency), ""), min(day for _, day in counted), 1, 0))
    return found
