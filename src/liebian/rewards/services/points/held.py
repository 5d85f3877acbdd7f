"""Lots as they were read: changed as a set, if they still hold what they held then."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Protocol, TypeVar

from django.db import connection

from liebian.core.arrays import ints_text


class HeldLot(Protocol):
    @property
    def id(self) -> int: ...
    @property
    def asset(self) -> str: ...
    @property
    def remaining(self) -> int: ...


L = TypeVar("L", bound=HeldLot)


def change_held(change: str, lots: Iterable[HeldLot], *, state: str) -> int:
    """Run `UPDATE … AS t SET …` on lots in this state that hold what they held when they were read; answers how many did."""
    pairs = sorted((lot.id, lot.remaining) for lot in lots)
    if not pairs:
        return 0
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                f"{change} FROM unnest(%s::bigint[], %s::bigint[]) AS v(id, held) "
                "WHERE t.id = v.id AND t.remaining = v.held AND t.state = %s",
                [ints_text([key for key, _ in pairs]), ints_text([held for _, held in pairs]), state],
            )
        else:
            rows = [(*pair, state) for pair in pairs]
            cursor.executemany(f"{change} WHERE id = %s AND remaining = %s AND state = %s", rows)
        return max(int(cursor.rowcount), 0)


def group_by_asset(lots: Iterable[L]) -> dict[str, list[L]]:
    parts: dict[str, list[L]] = defaultdict(list)
    for lot in lots:
        parts[lot.asset].append(lot)
    return parts
