"""What a shop is told about points, as types."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from liebian.rewards.rules import name_of_points
from liebian.rewards.types import LotView, PointsBalance, PointsMovement, PointsOutcome


class Balance(Struct):
    """`spendable` is what a cart can take now: nothing while there is a `debt`. `next_points` of it end at `next_expiry`."""

    programme: str
    active: int
    spendable: int
    pending: int
    reserved: int
    debt: int
    next_expiry: datetime | None
    next_points: int


class Balances(Struct):
    programmes: list[Balance]


class Movement(Struct):
    """What one step did to each part; `owed` is what the customer owes."""

    id: int
    at: datetime
    kind: str
    active: int
    pending: int
    reserved: int
    owed: int
    order_id: str | None


class History(Struct):
    """Newest first; `next` is the `before` of the next page."""

    programme: str
    movements: list[Movement]
    next: int | None


class Earned(Struct):
    """`earning` names it when it is taken back. `points` is what multipliers made of it."""

    earning: str
    programme: str
    points: int
    state: str
    active_from: datetime
    expires_at: datetime | None


class Spent(Struct):
    """`spending` names it when it is used, let go or given back."""

    spending: str
    programme: str
    points: int
    held_until: datetime | None = None


class Moved(Struct):
    """`points` is what was used, let go or given back in all by this name."""

    spending: str
    points: int


class TakenBack(Struct):
    """`points` is what was taken back in all, also what the customer no longer had."""

    earning: str
    points: int


def order_subject(order_id: str | None) -> str:
    return f"shop-order:{order_id}" if order_id else ""


def show_balance(each: PointsBalance) -> Balance:
    return Balance(
        programme=name_of_points(each.asset),
        active=each.active,
        spendable=each.spendable,
        pending=each.pending,
        reserved=each.reserved,
        debt=each.debt,
        next_expiry=each.next_expiry,
        next_points=each.next_amount,
    )


def show_movement(each: PointsMovement) -> Movement:
    kind, _sep, order_id = each.subject.partition(":")
    return Movement(
        id=each.entry_id,
        at=each.at,
        kind=each.kind.removeprefix("points_"),
        active=each.active,
        pending=each.pending,
        reserved=each.reserved,
        owed=each.owed,
        order_id=order_id if kind == "shop-order" else None,
    )


def show_earned(earning: str, lot: LotView, outcome: PointsOutcome) -> Earned:
    return Earned(earning, name_of_points(lot.asset), outcome.amount, lot.state, lot.active_from, lot.expires_at)
