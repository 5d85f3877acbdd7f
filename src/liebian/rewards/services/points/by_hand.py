"""What staff do to one customer's points from the page, with a note that stays. Who may do it is decided at the edge."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from liebian.access.services import audit
from liebian.core.errors import NotFound
from liebian.core.texts import mark as _
from liebian.rewards.models import PointsLot, PointsUse
from liebian.rewards.services.points.claws import check_note, claw_points
from liebian.rewards.services.points.moving import transfer_points
from liebian.rewards.services.points.spending import release_reserved
from liebian.rewards.types import PointsClaw, PointsOutcome, PointsTransfer


def transfer_by_hand(*, transfer: PointsTransfer, note: str, actor: int, now: datetime) -> PointsOutcome:
    """As `transfer_points`, and who did it and why. Writes audit too. Raises Invalid "points_note"."""
    check_note(note)
    with transaction.atomic():
        [outcome] = transfer_points(transfers=[transfer], now=now)
        details = {"to": transfer.receiver_id, "amount": transfer.amount, "asset": transfer.asset}
        _record(outcome, "points_transferred", transfer.sender_id, note, details, actor, now)
    return outcome


def take_back_by_hand(
    *, customer_id: int, lot_id: int, total: int, note: str, actor: int, at: datetime, now: datetime
) -> PointsOutcome:
    """Of what one earning gave this customer, `total` is taken back in all so far; what is gone is owed as the terms say.

    Writes as `claw_points`, audit. Idempotent by `total`. Raises NotFound "points_lot_not_found", Invalid.
    """
    check_note(note)
    with transaction.atomic():
        lot = PointsLot.objects.filter(pk=lot_id, customer_id=customer_id, cause__startswith="earn:").first()
        if lot is None:
            raise NotFound("points_lot_not_found", _("These points were not earned by this customer."))
        claw = PointsClaw(lot.cause.removeprefix("earn:"), total, at)
        [outcome] = claw_points(claws=[claw], now=now)
        details = {"lot": lot_id, "amount": outcome.amount, "asset": lot.asset}
        _record(outcome, "points_taken_back", customer_id, note, details, actor, now)
    return outcome


def release_by_hand(
    *, customer_id: int, use_id: int, note: str, actor: int, at: datetime, now: datetime
) -> PointsOutcome:
    """Let go what a cart of this customer holds. Writes as `release_reserved`, audit. Idempotent. Raises NotFound "points_use_not_found"."""
    check_note(note)
    with transaction.atomic():
        use = PointsUse.objects.filter(pk=use_id, customer_id=customer_id, kind="burn").first()
        if use is None:
            raise NotFound("points_use_not_found", _("This customer has no such points set aside."))
        [outcome] = release_reserved(keys=[use.key.removeprefix("burn:")], at=at, now=now)
        _record(outcome, "points_released", customer_id, note, {"use": use_id, "asset": use.asset}, actor, now)
    return outcome


def _record(
    outcome: PointsOutcome, action: str, customer_id: int, note: str, details: dict[str, Any], actor: int, now: datetime
) -> None:
    if outcome.accepted and not outcome.repeated:
        subject = f"customer:{customer_id}"
        audit.record_audit(actor_id=actor, action=action, subject=subject, reason=note, details=details, now=now)
