"""Money that nobody can be paid: the customer never said where it goes."""

from __future__ import annotations

from datetime import datetime, timedelta

from liebian.customers import queries as customers
from liebian.payouts.models import Payee, Payout
from liebian.rewards import queries as rewards
from liebian.rewards import services as reward_services
from liebian.rewards.types import MONEY


def return_unclaimed(*, now: datetime, limit: int = 200) -> int:
    """Give money back to its budget that waited too long for its customer to say where it goes, at most `limit` rewards.

    A reward that a payout was ever made of is not unclaimed. Writes Reward, RewardChange, ledger. Idempotent; call until it returns 0.
    """
    days = rewards.get_deadlines().claim_days
    if not days:
        return 0
    waiting = rewards.list_reward_ids(kinds=sorted(MONEY), states=("issuing",), since=now - timedelta(days=days))
    waiting -= set(Payout.objects.filter(reward_id__in=waiting).values_list("reward_id", flat=True))
    found = rewards.list_rewards(ids=sorted(waiting))
    ids = {each.customer_id for each in found}
    people = {each: each for each in ids} | customers.find_final_ids(ids)
    known = set(Payee.objects.filter(customer_id__in=set(people.values())).values_list("customer_id", flat=True))
    due = [each.id for each in found if people[each.customer_id] not in known][:limit]
    return len(reward_services.return_unissued(reward_ids=due, reason="not_claimed", at=now, now=now))
