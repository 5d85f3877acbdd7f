"""Gifts come into the stock, or are taken out of it by hand."""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction

from liebian.access.services import record_audit
from liebian.core.errors import Conflict, NotFound
from liebian.core.texts import mark as _
from liebian.ledger.services import post
from liebian.ledger.types import EntryDraft, InsufficientFunds, move
from liebian.rewards.models import Offer
from liebian.rewards.queries.gifts import get_gift_stock
from liebian.rewards.rules import GiftAccounts, check_units
from liebian.rewards.services.gift_stock import wake_waiting
from liebian.rewards.services.releases import release_rewards
from liebian.rewards.types import GiftStock


def restock(
    *, offer_id: int, n_units: int, note: str, idempotency_key: str, actor: int, day: date, now: datetime
) -> GiftStock:
    """Count pieces in, or with a minus out: broken, given away at the desk. Rewards that waited for one are released as far as their day has come.

    Writes ledger, audit, and what a release writes. Idempotent by (offer, idempotency_key). Raises NotFound, Invalid "gift_units",
    Conflict "gift_stock_short" (more taken out than is there), "idempotency_mismatch".
    """
    check_units(n_units)
    offer = Offer.objects.filter(pk=offer_id, kind="gift").first()
    if offer is None:
        raise NotFound("gift_not_found", _("There is no gift with the number %(number)s."), number=offer_id)
    accounts = GiftAccounts(offer.pk, offer.name)
    ends = (accounts.world, accounts.left) if n_units > 0 else (accounts.left, accounts.world)
    memo = {"actor": actor}  # the ledger never forgets: what people write stands in the audit trail
    key = f"gift-stock:{offer_id}:{idempotency_key}"
    draft = EntryDraft(key, "gift_stock", move(*ends, abs(n_units)), now, subject=f"gift:{offer_id}", memo=memo)
    try:
        with transaction.atomic():
            post(entry=draft, now=now)
            details = {"units": n_units, "key": idempotency_key}
            record_audit(
                actor_id=actor, action="gift.restocked", subject=f"gift:{offer_id}", reason=note.strip()[:200],
                details=details, now=now,
            )  # fmt: skip
    except InsufficientFunds as error:
        raise Conflict(
            "gift_stock_short", _("Fewer pieces are left than you take out. Nothing was changed.")
        ) from error
    release_rewards(reward_ids=wake_waiting(now=now), day=day, now=now)
    return get_gift_stock(offer_id)
