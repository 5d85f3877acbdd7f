"""What staff do to one customer's points from the page, with a note that stays. Who may do it is decided at the edge.

What gives, takes or passes on points is kept as a review, as corrections are, and waits for a second person where the policy asks for
one. Letting go what a cart holds does not: nobody has more or less by it.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from django.db import transaction

from liebian.access.services import audit
from liebian.core.errors import NotFound
from liebian.core.texts import mark as _
from liebian.customers.services import leave_out_words
from liebian.rewards.models import PointsLot, PointsProposal, PointsUse, Review
from liebian.rewards.rules import check_amount, check_asset
from liebian.rewards.services.points.claws import check_note, claw_points, settle_shortage
from liebian.rewards.services.points.moving import transfer_points
from liebian.rewards.services.points.proposals import Proposal, check_not_erased, take_or_ask
from liebian.rewards.services.points.spending import release_reserved
from liebian.rewards.types import PointsClaw, PointsOutcome, PointsTransfer


def transfer_by_hand(*, transfer: PointsTransfer, note: str, actor: int, now: datetime) -> PointsOutcome:
    """As `transfer_points`, and who did it and why. Writes as `take_or_ask`, audit too. Raises Invalid "points_note"."""
    check_note(note)
    check_amount(transfer.amount, transfer.key)
    check_asset(transfer.asset)
    asked = Proposal(
        "transfer",
        transfer.sender_id,
        transfer.asset,
        -transfer.amount,
        note,
        transfer.key,
        actor,
        details={"receiver": transfer.receiver_id},
    )
    return take_or_ask(asked, lambda _review: _transfer(transfer, note, actor, now), now)


def carry_out_transfer(review: Review, asked: PointsProposal, now: datetime) -> PointsOutcome:
    transfer = PointsTransfer(
        review.idempotency_key, asked.customer_id, asked.details["receiver"], -asked.amount, now, asked.asset
    )
    return _transfer(transfer, review.note, review.proposed_by, now)


def _transfer(transfer: PointsTransfer, note: str, actor: int, now: datetime) -> PointsOutcome:
    [outcome] = transfer_points(transfers=[replace(transfer, key=f"hand:{transfer.key}")], now=now)
    details = {"to": transfer.receiver_id, "amount": transfer.amount, "asset": transfer.asset}
    _record(outcome, "points_transferred", transfer.sender_id, note, details, actor, now)
    return outcome


def take_back_by_hand(
    *, customer_id: int, lot_id: int, total: int, note: str, key: str, actor: int, at: datetime, now: datetime
) -> PointsOutcome:
    """Of what one earning gave this customer, `total` is taken back in all so far; what is gone is owed as the terms say.

    Writes as `claw_points`, `take_or_ask`, audit. Idempotent by `total`, a proposal by `key`. Raises NotFound "points_lot_not_found", Invalid.
    """
    check_note(note)
    with transaction.atomic():
        lot = PointsLot.objects.filter(pk=lot_id, customer_id=customer_id, cause__startswith="earn:").first()
        if lot is None:
            raise NotFound("points_lot_not_found", _("These points were not earned by this customer."))
        units = min(total, lot.amount) - lot.clawed
        details = {"lot": lot_id, "total": total}
        asked = Proposal("take_back", customer_id, lot.asset, -units, note, key, actor, details=details)
        if units <= 0:
            return _take_back(lot, total, note, actor, at, now)
        return take_or_ask(asked, lambda _review: _take_back(lot, total, note, actor, at, now), now)


def carry_out_taking(review: Review, asked: PointsProposal, now: datetime) -> PointsOutcome:
    lot = PointsLot.objects.get(pk=asked.details["lot"])
    return _take_back(lot, asked.details["total"], review.note, review.proposed_by, now, now)


def _take_back(lot: PointsLot, total: int, note: str, actor: int, at: datetime, now: datetime) -> PointsOutcome:
    [outcome] = claw_points(claws=[PointsClaw(lot.cause.removeprefix("earn:"), total, at)], now=now)
    details = {"lot": lot.pk, "amount": outcome.amount, "asset": lot.asset}
    _record(outcome, "points_taken_back", lot.customer_id, note, details, actor, now)
    return outcome


def decide_shortage(
    *,
    customer_id: int,
    amount: int,
    make_debt: bool,
    key: str,
    note: str,
    actor: int,
    at: datetime,
    now: datetime,
    asset: str,
) -> PointsOutcome:
    """As `settle_shortage`, at once or by two. Writes as it does and as `take_or_ask`."""
    check_amount(amount, key)
    check_note(note)
    act = "owe" if make_debt else "forgive"
    asked = Proposal(act, customer_id, asset, -amount if make_debt else amount, note, key, actor)  # type: ignore[arg-type]
    return take_or_ask(
        asked,
        lambda _review: settle_shortage(
            customer_id=customer_id,
            amount=amount,
            make_debt=make_debt,
            key=key,
            note=note,
            actor=actor,
            at=at,
            now=now,
            asset=asset,
        ),
        now,
    )


def carry_out_shortage(review: Review, asked: PointsProposal, now: datetime) -> PointsOutcome:
    return settle_shortage(
        customer_id=asked.customer_id,
        amount=abs(asked.amount),
        make_debt=review.act == "owe",
        key=review.idempotency_key,
        note=review.note,
        actor=review.proposed_by,
        at=now,
        now=now,
        asset=asked.asset,
    )


def release_by_hand(
    *, customer_id: int, use_id: int, note: str, actor: int, at: datetime, now: datetime
) -> PointsOutcome:
    """Let go what a cart of this customer holds. Writes as `release_reserved`, audit. Idempotent. Raises NotFound
    "points_use_not_found", Conflict "customer_erased"."""
    check_note(note)
    with transaction.atomic():
        use = PointsUse.objects.filter(pk=use_id, customer_id=customer_id, kind="burn").first()
        if use is None:
            raise NotFound("points_use_not_found", _("This customer has no such points set aside."))
        check_not_erased("release", [customer_id])
        [outcome] = release_reserved(keys=[use.key.removeprefix("burn:")], at=at, now=now)
        _record(outcome, "points_released", customer_id, note, {"use": use_id, "asset": use.asset}, actor, now)
    return outcome


def _record(
    outcome: PointsOutcome, action: str, customer_id: int, note: str, details: dict[str, Any], actor: int, now: datetime
) -> None:
    if outcome.accepted and not outcome.repeated:
        subject = f"customer:{customer_id}"
        said = leave_out_words(note, customer_ids=[customer_id])
        audit.record_audit(actor_id=actor, action=action, subject=subject, reason=said, details=details, now=now)
