"""Claw-back by cumulative rounding. Plain Python.

Policy for refunds. Units (points, or one coupon) go back in proportion to what was refunded in all, rounded down, so that
several refunds add up exactly and a coupon goes back only with the last cent. Money follows the units. While a reward is
held the units simply never leave; after it was issued they are taken from the customer, and what the customer no longer
has is owed (points) or written off (a coupon already used). Nothing is ever dropped. A coupon stays used when the order on
which it was used comes back: what earned it is another order.
"""

from __future__ import annotations

from dataclasses import dataclass


def clawed_so_far(amount: int, refunded_minor: int, order_total_minor: int) -> int:
    """Units to have been taken back, in all, after refunds of `refunded_minor` in all. Rounds down; never above amount.

    >>> [clawed_so_far(1000, refunded, 9999) for refunded in (3333, 6666, 9999, 13332)]
    [333, 666, 1000, 1000]
    """
    if order_total_minor <= 0 or refunded_minor >= order_total_minor:
        return amount
    return amount * max(refunded_minor, 0) // order_total_minor


def cost_of(units: int, amount: int, cost_minor: int) -> int:
    """Money that belongs to `units` of a reward of `amount` units that costs `cost_minor`. Rounds down."""
    return cost_minor * units // amount


@dataclass(frozen=True, slots=True)
class Claw:
    """One step back: units and money in this step, and of the money what the customer still owes."""

    units: int
    minor: int
    taken_units: int
    owed_minor: int


def plan_claw(
    *, amount: int, cost_minor: int, already: int, target: int, on_hand: int, returned_minor: int | None = None
) -> Claw:
    """From `already` to `target` units taken back, of which the customer can give at most `on_hand`.

    `returned_minor` is the money that went back so far, where it is not what belongs to the units: a coupon that took off less
    than was set aside for it.
    """
    units = max(target - already, 0)
    before = cost_of(already, amount, cost_minor) if returned_minor is None else returned_minor
    minor = max(cost_of(already + units, amount, cost_minor) - before, 0)
    taken = min(units, max(on_hand, 0))
    recovered = minor * taken // units if units else 0
    return Claw(units=units, minor=minor, taken_units=taken, owed_minor=minor - recovered)
