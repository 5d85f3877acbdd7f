"""Points change hands, or are corrected by a person."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from liebian.access.services import audit
from liebian.customers.services import leave_out_words
from liebian.rewards.models import PointsLot, PointsUse
from liebian.rewards.rules import (
    PointsAccounts,
    check_amount,
    check_asset,
    expiry_of,
    refuse_transfer,
    transfer_fee,
)
from liebian.rewards.services.points.claws import check_note
from liebian.rewards.services.points.desk import Desk, Moves, Part, find_uses, make_use
from liebian.rewards.services.points.earning import give_lot, make_lot
from liebian.rewards.services.points.repeats import mismatch
from liebian.rewards.types import PointsAdjustment, PointsOutcome, PointsTransfer


def transfer_points(*, transfers: Sequence[PointsTransfer], now: datetime) -> list[PointsOutcome]:
    """Give points to another customer; answers one outcome per transfer, in order. The parts keep their ends; the fee comes on top.

    Refused: "points_no_transfer", "points_transfer_size", "points_in_debt", "points_short". Writes PointsLot, PointsUse, ledger.
    Idempotent by key. Raises Invalid, Conflict "idempotency_mismatch".
    """
    for each in transfers:
        check_amount(each.amount, each.key)
        check_asset(each.asset)
    with transaction.atomic():
        people = [(each.asset, who) for each in transfers for who in (each.sender_id, each.receiver_id)]
        desk = Desk(people, now=now)
        uses = find_uses(f"transfer:{each.key}" for each in transfers)
        standing = desk.as_they_stand(transfers, "sender_id", "receiver_id")
        outcomes = [_transfer(desk, *each, uses) for each in zip(standing, map(_to, transfers), strict=True)]
        desk.close()
    return outcomes


def _transfer(desk: Desk, asked: PointsTransfer, named: str, uses: dict[str, PointsUse]) -> PointsOutcome:
    """`named` is the receiver as the request names them; they may be somebody else since."""
    key, sender, receiver = f"transfer:{asked.key}", (asked.asset, asked.sender_id), (asked.asset, asked.receiver_id)
    terms = desk.terms.at(asked.asset, asked.at)
    if key in uses:
        known = uses[key]
        if (known.asset, known.customer_id, known.asked) != (*sender, asked.amount) or known.subject != named:
            raise mismatch(asked.key)
        return PointsOutcome(asked.key, known.asked, repeated=True)
    reason = refuse_transfer(terms, asked.amount, has_debt=bool(desk.debts[sender]), is_self=sender == receiver)
    if reason:
        return PointsOutcome(asked.key, 0, reason)
    fee = transfer_fee(terms, asked.amount)
    parts = desk.take(sender, asked.amount + fee, asked.at)
    if not parts:
        return PointsOutcome(asked.key, 0, "points_short")
    use = make_use(key, "transfer", sender, asked.amount + fee, asked.at, subject=named)
    use.asked = asked.amount
    uses[key] = use
    desk.record(use, parts)
    desk.touch(sender, asked.at)
    desk.touch(receiver, asked.at)
    for number, (lot, part) in enumerate(_without_fee(parts, asked.amount)):
        desk.add_lot(_pass_on(lot, part, asked, f"{key}:{number}"))
    accounts, moves = PointsAccounts(asked.asset), Moves()
    moves.move(accounts.active(asked.sender_id), accounts.active(asked.receiver_id), asked.amount)
    moves.move(accounts.active(asked.sender_id), accounts.burned, fee)
    desk.post(
        key, "points_transfer", moves, asked.at, memo={"from": asked.sender_id, "to": asked.receiver_id, "fee": fee}
    )
    desk.pay_debt(receiver, key, asked.at)
    return PointsOutcome(asked.key, asked.amount)


def _to(asked: PointsTransfer) -> str:
    return f"customer:{asked.receiver_id}"


def _without_fee(parts: Sequence[Part], amount: int) -> list[Part]:
    """The first parts up to the amount; the fee is what ends last."""
    passed = []
    for lot, part in parts:
        given = min(part, amount)
        amount -= given
        if given:
            passed.append((lot, given))
    return passed


def _pass_on(lot: PointsLot, part: int, asked: PointsTransfer, cause: str) -> PointsLot:
    return make_lot(
        customer_id=asked.receiver_id,
        asset=asked.asset,
        cause=cause,
        amount=part,
        state="active",
        expiry=lot.expiry,
        active_from=asked.at,
        expires_at=lot.expires_at,
        earned_at=lot.earned_at,
        trace={"from": asked.sender_id, "lot": lot.pk},
    )


def adjust_points(*, adjustments: Sequence[PointsAdjustment], now: datetime) -> list[PointsOutcome]:
    """Corrections by a person, with a reason; answers one outcome per correction, in order.

    Refused: "points_short" when less is there than is to be taken. Writes PointsLot, PointsUse, ledger, audit. Idempotent by key. Raises
    Invalid "points_note", "points_amount", Conflict "idempotency_mismatch".
    """
    for each in adjustments:
        check_amount(abs(each.amount), each.key)
        check_asset(each.asset)
        check_note(each.note)
    with transaction.atomic():
        desk = Desk([(each.asset, each.customer_id) for each in adjustments], now=now)
        keys = [f"adjust:{each.key}" for each in adjustments]
        lots = {lot.cause: lot for lot in PointsLot.objects.filter(cause__in=keys)}
        uses = find_uses(keys)
        adjustments = desk.as_they_stand(adjustments, "customer_id")
        outcomes = [_adjust(desk, each, lots, uses) for each in adjustments]
        desk.close()
        for each, outcome in zip(adjustments, outcomes, strict=True):
            if outcome.accepted and not outcome.repeated:
                _record(each, now)
    return outcomes


def _adjust(
    desk: Desk, asked: PointsAdjustment, lots: dict[str, PointsLot], uses: dict[str, PointsUse]
) -> PointsOutcome:
    key, holder = f"adjust:{asked.key}", (asked.asset, asked.customer_id)
    known = lots.get(key) or uses.get(key)
    if known is not None:
        amount = known.amount if isinstance(known, PointsLot) else -known.asked
        if (known.asset, known.customer_id, amount) != (*holder, asked.amount):
            raise mismatch(asked.key)
        return PointsOutcome(asked.key, asked.amount, repeated=True)
    said = {"reason": asked.reason} if asked.reason else {}
    memo: dict[str, object] = {"actor": asked.actor, **said}  # no note: the ledger never forgets
    if asked.amount > 0:
        terms = desk.terms.at(asked.asset, asked.at)
        lots[key] = make_lot(
            customer_id=asked.customer_id,
            asset=asked.asset,
            cause=key,
            amount=asked.amount,
            state="active",
            expiry=terms.expiry,
            active_from=asked.at,
            expires_at=expiry_of(terms, asked.at),
            earned_at=asked.at,
            trace={**memo, "note": asked.note},
        )
        give_lot(desk, lots[key], "points_adjust", memo=memo)
        return PointsOutcome(asked.key, asked.amount)
    parts = desk.take(holder, -asked.amount, asked.at)
    if not parts:
        return PointsOutcome(asked.key, 0, "points_short")
    uses[key] = make_use(key, "adjust", holder, -asked.amount, asked.at, note=asked.note, actor=asked.actor)
    desk.record(uses[key], parts)
    accounts, moves = PointsAccounts(asked.asset), Moves()
    moves.move(accounts.active(asked.customer_id), accounts.world, -asked.amount)
    desk.post(key, "points_adjust", moves, asked.at, memo={"customer": asked.customer_id, **memo})
    return PointsOutcome(asked.key, asked.amount)


def _record(asked: PointsAdjustment, now: datetime) -> None:
    audit.record_audit(
        actor_id=asked.actor,
        action="points_adjusted",
        subject=f"customer:{asked.customer_id}",
        reason=leave_out_words(asked.note, customer_ids=[asked.customer_id]),
        details={"amount": asked.amount, "asset": asked.asset},
        now=now,
    )
