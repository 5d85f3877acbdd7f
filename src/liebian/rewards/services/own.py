"""A customer's own rewards, told to their shop: which codes were told to whom is written down."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from liebian.access.services import record_audit
from liebian.rewards.queries.own import list_own_rewards
from liebian.rewards.types import OwnReward


def tell_own_rewards(
    *, customer_ids: Sequence[int], shop: str, before: int | None, limit: int, now: datetime
) -> tuple[list[OwnReward], bool]:
    """As `list_own_rewards`, and whether there are more, for a shop that was admitted. Writes an audit entry where codes are in it."""
    with transaction.atomic():
        seen = list_own_rewards(customer_ids, now=now, before=before, limit=limit + 1)
        found = seen[:limit]
        rewards = [each.reward.id for each in found if each.code]
        if rewards:
            record_audit(
                actor_id=None,
                action="reward_codes.told",
                subject=f"customer:{customer_ids[0]}",
                details={"shop": shop, "rewards": rewards},
                now=now,
            )
    return found, len(seen) > limit
