"""The windowed columns of rules from packed day facts: each fact is looked at once, however many columns are asked.

Every record falls into one cell: its fact and the smallest window that contains its day. Windows are then running sums
over the cells of a fact. Owns the arithmetic; ``windowed_columns`` is the same for tables.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np

from liebian_analytics.errors import BadArgument
from liebian_analytics.rules.columns import Column, EventColumn, OrderColumn
from liebian_analytics.rules.frames import Values
from liebian_analytics.rules.packed import MAX_FACT, Packed, day_number

ORDERS = "orders"
EVENTS = "events"
FactNumbers = Mapping[tuple[str, str], int]
"""Number of each fact: ``("events", name)`` for an event, ``("orders", channel)`` for standing orders of a channel
(empty text: the shop did not say). What has no number never happened."""
_EXACT = 2**53


def packed_columns(packed: Packed, needed: Iterable[Column], as_of: date, numbers: FactNumbers) -> dict[str, Values]:
    """The order and event columns that rules need, for a batch of customers.

    Parameters
    ----------
    packed
        Day facts of the customers.
    needed
        What ``columns_needed`` returned; attributes and tiers are left to the caller.
    as_of
        Exclusive day: facts of that day and later do not count.
    numbers
        Which number stands for which fact in ``packed``.

    Returns
    -------
    One array per column under its ``key``, one place per customer. Counts and sums int64, 0 for nothing;
    ``days_since_…`` float64 of whole days, NaN without an order in the window. Equal to ``windowed_columns`` over the same
    history.

    Raises
    ------
    BadArgument
        If a measure is not known.

    Notes
    -----
    Linear in the records plus (customers x distinct windows per fact). Amounts are added in integers wherever floating
    point would not be exact.

    Examples
    --------
    >>> from liebian_analytics.rules.packed import pack
    >>> packed = Packed.of([pack([(date(2026, 1, 1), 7, 3, 0)]), b""])
    >>> columns = packed_columns(packed, [EventColumn("Seen", 7), EventColumn("Seen", 6)], date(2026, 1, 8), {("events", "Seen"): 7})
    >>> [values.tolist() for values in columns.values()]
    [[3, 0], [0, 0]]
    """
    slots = _slots([c for c in needed if isinstance(c, OrderColumn | EventColumn)], numbers)
    packed = _asked(packed, slots)
    found: dict[str, Values] = {}
    for overlapping in (False, True):  # orders of any channel share their records with those of one channel
        group = [slot for slot in slots if slot.is_any is overlapping]
        if group:
            found |= _columns_of(_asked(packed, group), day_number(as_of), group)
    return found


@dataclass(slots=True)
class _Slot:
    """Columns over the same facts: those of one event, of one channel's orders, or of all orders."""

    facts: tuple[int, ...]
    is_any: bool
    columns: list[OrderColumn | EventColumn] = field(default_factory=list)
    first_cell: int = 0

    def windows(self) -> list[int]:
        return sorted({c.window_days for c in self.columns if c.window_days is not None})

    def edges(self) -> list[int]:
        """Longest age of each cell; the last cell is all of history, if anybody asks for it."""
        return [*self.windows(), *([MAX_FACT + 1] if any(c.window_days is None for c in self.columns) else [])]

    def cell_of(self, column: OrderColumn | EventColumn) -> int:
        days = MAX_FACT + 1 if column.window_days is None else column.window_days
        return self.first_cell + self.edges().index(days)

    def wants(self, *measures: str) -> bool:
        return any((c.measure if isinstance(c, OrderColumn) else "n_events") in measures for c in self.columns)


def _slots(columns: list[OrderColumn | EventColumn], numbers: FactNumbers) -> list[_Slot]:
    slots: dict[tuple[str, str | None], _Slot] = {}
    for column in dict.fromkeys(columns):
        if isinstance(column, EventColumn):
            key: tuple[str, str | None] = (EVENTS, column.name)
        else:
            key = (ORDERS, column.channel)
        if key not in slots:
            slots[key] = _Slot(_facts_of(key, numbers), is_any=key == (ORDERS, None))
        slots[key].columns.append(column)
    return list(slots.values())


def _facts_of(key: tuple[str, str | None], numbers: FactNumbers) -> tuple[int, ...]:
    kind, name = key
    if name is None:
        return tuple(number for (other, _), number in numbers.items() if other == kind)
    number = numbers.get((kind, name))
    return () if number is None else (number,)


def _asked(packed: Packed, slots: list[_Slot]) -> Packed:
    """The records of facts that a slot asks for: mostly few of somebody's long history."""
    wanted = np.zeros(MAX_FACT + 1, bool)
    wanted[[fact for slot in slots for fact in slot.facts]] = True
    at = np.flatnonzero(wanted[packed.records["fact"]])
    return packed if len(at) == len(packed.records) else Packed(packed.records[at], packed.owners[at], packed.size)


def _columns_of(packed: Packed, today: int, slots: list[_Slot]) -> dict[str, Values]:
    """Columns of slots that share no fact."""
    n, n_cells = packed.size, 0
    ages = today - packed.records["day"].astype(np.int32)
    for slot in slots:
        slot.first_cell, n_cells = n_cells, n_cells + len(slot.edges())
    cells = _cells(packed, ages, slots)
    inside = np.flatnonzero(cells >= 0)
    where = cells[inside].astype(np.int64) * n + packed.owners[inside]
    counts = packed.records["count"][inside]
    size = n_cells * n
    summed: dict[str, Values] = {}
    if any(slot.wants("n_orders", "n_events") for slot in slots):
        summed["n"] = _summed(where, counts, size).reshape(n_cells, n)
    if any(slot.wants("revenue_minor") for slot in slots):
        summed["revenue_minor"] = _summed(where, packed.records["amount"][inside], size).reshape(n_cells, n)
    for values in summed.values():
        _accumulate(values, slots, np.add)
    days = _days(where, ages[inside], counts, size, slots) if any(_wants_days(slot) for slot in slots) else {}
    for name, values in days.items():
        days[name] = values.reshape(n_cells, n)
        _accumulate(days[name], slots, np.fmax if name == "days_since_first_order" else np.fmin)
    return {c.key: _pick(c, slot, summed, days) for slot in slots for c in slot.columns}


def _wants_days(slot: _Slot) -> bool:
    return slot.wants("days_since_first_order", "days_since_last_order")


def _pick(column: OrderColumn | EventColumn, slot: _Slot, summed: dict[str, Values], days: dict[str, Values]) -> Values:
    measure = column.measure if isinstance(column, OrderColumn) else "n"
    table = days if measure.startswith("days_since") else summed
    name = "n" if measure == "n_orders" else measure
    if name not in table:
        raise BadArgument(f"day facts know no measure {measure!r}")
    values: Values = table[name][slot.cell_of(column)]
    return values


def _cells(packed: Packed, ages: Values, slots: list[_Slot]) -> Values:
    """Per record its cell, or -1 if its day has not come or no window reaches it."""
    slot_of = np.zeros(MAX_FACT + 1, np.int32)
    longest = max((slot.windows() or [0])[-1] for slot in slots) + 1
    cell_of = np.full((len(slots), longest + 1), -1, np.int32)
    for number, slot in enumerate(slots):
        slot_of[list(slot.facts)] = number
        edges = slot.edges()
        bins = np.searchsorted(edges, np.arange(1, longest + 1))
        cell_of[number, 1:] = np.where(bins < len(edges), bins + slot.first_cell, -1)
    found: Values = cell_of.ravel()[slot_of[packed.records["fact"]] * (longest + 1) + np.clip(ages, 0, longest)]
    return found


def _summed(where: Values, values: Values, size: int) -> Values:
    if np.abs(values.astype(np.float64)).sum() < _EXACT:
        return np.bincount(where, values, size).astype(np.int64)
    found = np.zeros(size, np.int64)
    np.add.at(found, where, values)
    return found


def _days(where: Values, ages: Values, counts: Values, size: int, slots: list[_Slot]) -> dict[str, Values]:
    """Distance of the last and the first day with an order, per cell; records are by day, so the later one overwrites."""
    bought = counts > 0
    where, ages = where[bought], ages[bought].astype(np.float64)
    found = {}
    if any(slot.wants("days_since_last_order") for slot in slots):
        found["days_since_last_order"] = np.full(size, np.nan)
        found["days_since_last_order"][where] = ages
    if any(slot.wants("days_since_first_order") for slot in slots):
        found["days_since_first_order"] = np.full(size, np.nan)
        found["days_since_first_order"][where[::-1]] = ages[::-1]
    return found


def _accumulate(cells: Values, slots: list[_Slot], add: Any) -> None:
    """Each window takes in the shorter ones of its slot."""
    for slot in slots:
        for cell in range(slot.first_cell + 1, slot.first_cell + len(slot.edges())):
            add(cells[cell], cells[cell - 1], out=cells[cell])
