"""Points come in: earned at once or pending, multiplied, and first used to pay what the customer owes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from liebian.rewards.models import PointsLot
from liebian.rewards.rules import PointsAccounts, check_amount, check_asset, expiry_of, multiply_points
from liebian.rewards.services.points.desk import Desk, Moves
from liebian.rewards.services.points.repeats import mismatch
from liebian.rewards.types import PointsEarn, PointsOutcome


def earn_points(*, earns: Sequence[PointsEarn], now: datetime) -> list[PointsOutcome]:
    """Give points; answers one outcome per earning, in order, with what multipliers made of it.

    Each becomes a lot, active at once or pending until `active_from`. A debt is paid first. Writes PointsLot, PointsUse, ledger.
    Idempotent by key; refused with "points_nothing" where multipliers leave nothing. Raises Invalid, Conflict "idempotency_mismatch".
    """
    for earn in earns:
        check_amount(earn.amount, earn.key)
        check_asset(earn.asset)
    with transaction.atomic():
        desk = Desk([(earn.asset, earn.customer_id) for earn in earns], now=now)
        lots = {lot.cause: lot for lot in PointsLot.objects.filter(cause__in=[_cause(earn) for earn in earns])}
        outcomes = [_earn(desk, earn, lots) for earn in desk.as_they_stand(earns, "customer_id")]
        desk.close()
    return outcomes


def _cause(earn: PointsEarn) -> str:
    return f"earn:{earn.key}"


def _earn(desk: Desk, earn: PointsEarn, lots: dict[str, PointsLot]) -> PointsOutcome:
    terms = desk.terms.at(earn.asset, earn.at)
    known = lots.get(_cause(earn))
    if known is not None:
        if (known.customer_id, known.asset, known.trace.get("base")) != (earn.customer_id, earn.asset, earn.amount):
            raise mismatch(earn.key)
        return PointsOutcome(earn.key, known.amount, repeated=True)
    amount = multiply_points(earn.amount, earn.multipliers, terms.stacking, terms.most_bp)
    if amount <= 0:
        return PointsOutcome(earn.key, 0, "points_nothing")
    check_amount(amount, earn.key)
    active_from = max(earn.active_from or earn.at, earn.at)
    trace = {
        **earn.trace,
        "base": earn.amount,
        "multipliers": [[factor.name, factor.bp] for factor in earn.multipliers],
        "stacking": terms.stacking,
        "most_bp": terms.most_bp,
    }
    lot = make_lot(
        customer_id=earn.customer_id,
        asset=earn.asset,
        cause=_cause(earn),
        amount=amount,
        state="active" if active_from <= earn.at else "pending",
        expiry=terms.expiry,
        active_from=active_from,
        expires_at=earn.expires_at or expiry_of(terms, active_from),
        earned_at=earn.at,
        trace=trace,
    )
    lots[lot.cause] = lot
    give_lot(desk, lot, "points_earn", subject=earn.subject, memo=earn.trace)
    return PointsOutcome(earn.key, amount)


def make_lot(*, amount: int, trace: Mapping[str, Any], **others: Any) -> PointsLot:
    return PointsLot(amount=amount, remaining=amount, trace=dict(trace), **others)


def give_lot(
    desk: Desk, lot: PointsLot, kind: str, *, subject: str = "", memo: Mapping[str, Any] | None = None
) -> None:
    """The lot reaches its customer from outside, and pays what they owe as far as it is active."""
    holder, accounts, moves = (lot.asset, lot.customer_id), PointsAccounts(lot.asset), Moves()
    target = accounts.active if lot.state == "active" else accounts.pending
    moves.move(accounts.world, target(lot.customer_id), lot.amount)
    desk.touch(holder, lot.earned_at)
    desk.add_lot(lot)
    said = {"customer": lot.customer_id, **(memo or {})}
    desk.post(lot.cause, kind, moves, lot.earned_at, subject=subject, memo=said)
    if lot.state == "active":
        desk.pay_debt(holder, lot.cause, lot.earned_at)
