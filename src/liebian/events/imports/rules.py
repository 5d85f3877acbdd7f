"""Which earlier purchase a cancellation takes back. Plain Python."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Bought:
    n: int
    customer_id: str
    product_id: str
    order_id: str
    at_ms: int
    quantity: int


@dataclass(frozen=True, slots=True)
class TakenBack:
    n: int
    customer_id: str
    product_id: str
    at_ms: int
    quantity: int


def match_cancellations(bought: Iterable[Bought], taken_back: Iterable[TakenBack]) -> dict[int, str]:
    """Row of the cancellation → order that it takes back: of the same customer's purchases of the same product up to
    then, the latest that has enough pieces left. Cancellations choose in order of time, then of row.

    >>> match_cancellations([Bought(1, "c", "p", "o1", 5, 2)], [TakenBack(2, "c", "p", 6, 2), TakenBack(3, "c", "p", 7, 1)])
    {2: 'o1'}
    """
    lines: dict[tuple[str, str], list[Bought]] = defaultdict(list)
    for line in sorted(bought, key=lambda line: (line.at_ms, line.n)):
        lines[line.customer_id, line.product_id].append(line)
    left = {line.n: line.quantity for found in lines.values() for line in found}
    matched: dict[int, str] = {}
    for back in sorted(taken_back, key=lambda back: (back.at_ms, back.n)):
        candidates = lines.get((back.customer_id, back.product_id), [])
        upto = bisect_right(candidates, back.at_ms, key=lambda line: line.at_ms)
        for line in reversed(candidates[:upto]):
            if left[line.n] >= back.quantity:
                left[line.n] -= back.quantity
                matched[back.n] = line.order_id
                break
    return matched
