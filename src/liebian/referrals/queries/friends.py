"""What an inviter may know of their friends: that they came, and what became of it. Never what they bought."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from liebian.access.types import mask_name
from liebian.customers import queries as customers
from liebian.referrals.models import Qualification, Referral
from liebian.referrals.types import REFERRER, Participant
from liebian.rewards import queries as rewards
from liebian.rewards.types import RewardView, Told

FriendState = Literal["no_order", "small_order", "not_counted"] | Told


@dataclass(frozen=True, slots=True)
class FriendView:
    """`state`: no_order, small_order, not_counted, or what the inviter is told of the reward. `name` is masked, or empty."""

    name: str
    at: datetime
    state: FriendState
    reason: str
    pays_on: date | None
    reward: RewardView | None


def list_friends(participation: Participant) -> list[FriendView]:
    """Friends of one participant, newest first."""
    rows = list(
        Referral.objects.filter(programme_id=participation.programme_id, referrer_id=participation.customer_id)
        .exclude(referee_id=participation.customer_id)
        .order_by("-id")[:200]
    )
    finals = customers.find_final_ids({row.referee_id for row in rows})
    who = {row.pk: finals.get(row.referee_id, row.referee_id) for row in rows}
    names = customers.list_personal(who.values())
    judged = Qualification.objects.filter(referral__in=rows).prefetch_related("decisions").order_by("id")
    last = {each.referral_id: each for each in judged}
    mine = {
        row.referral_id: next((d for d in row.decisions.all() if d.role == REFERRER), None) for row in last.values()
    }
    ids = [decision.reward_id for decision in mine.values() if decision is not None and decision.reward_id]
    kept = {reward.id: reward for reward in rewards.list_rewards(ids=ids)}
    found = []
    for row in rows:
        decision = mine.get(row.pk)
        reward = kept.get(decision.reward_id or 0) if decision else None
        name = mask_name(names[who[row.pk]].name) if who[row.pk] in names else ""
        state, reason = _state(row, last.get(row.pk), reward)
        found.append(FriendView(name, row.bound_at, state, reason, reward.hold_until if reward else None, reward))
    return found


def _state(row: Referral, judged: Qualification | None, reward: RewardView | None) -> tuple[FriendState, str]:
    if row.state == "refused":
        return "not_counted", row.reason
    if row.state == "reversed":
        return "taken_back", row.reason
    if judged is None:
        return "no_order", ""
    if judged.outcome == "refused":
        return "small_order", judged.reason
    return (reward.told, reward.told_reason) if reward else ("not_given", judged.reason)
