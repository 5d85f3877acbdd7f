"""A reward moves from the state that was seen, or not at all: two who saw the same do not both move it."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, transaction

from liebian.core.errors import Conflict
from liebian.rewards import queries, services
from liebian.rewards.models import Reward, RewardChange
from liebian.rewards.services.life import Step, move_rewards
from liebian.rewards.tests.factories import NOW, make_budget, make_grant, make_points

pytestmark = pytest.mark.django_db


@pytest.fixture
def rewards() -> list[Reward]:
    budget, offer = make_budget(funded=100_000), make_points()
    services.grant_pairs(grants=[make_grant(budget, n, ("referrer", offer)) for n in range(2)], now=NOW)
    return list(Reward.objects.order_by("id"))


def test_what_was_moved_meanwhile_is_not_moved_and_nothing_else_with_it(rewards: list[Reward]):
    first, second = rewards
    seen = Reward.objects.get(pk=first.pk)
    move_rewards([Step(first, "cancelled", "order_refunded")], at=NOW)
    with pytest.raises(Conflict) as caught, transaction.atomic():
        move_rewards([Step(second, "cancelled", "order_refunded"), Step(seen, "approved")], at=NOW)
    assert caught.value.code == "reward_changed"
    assert [queries.get_reward(each.pk).state for each in rewards] == ["cancelled", "held"]
    assert RewardChange.objects.filter(reward=second, from_state="held").count() == 0


def test_what_was_taken_back_meanwhile_is_not_taken_back_twice(rewards: list[Reward]):
    seen = Reward.objects.get(pk=rewards[0].pk)
    move_rewards([Step(rewards[0], "held", "order_partly_refunded", clawed_amount=1)], at=NOW)
    with pytest.raises(Conflict), transaction.atomic():
        move_rewards([Step(seen, "held", "order_partly_refunded", clawed_amount=1)], at=NOW)
    assert Reward.objects.get(pk=seen.pk).clawed_amount == 1


def test_one_cause_is_one_reward_for_a_role_whoever_writes_it(rewards: list[Reward]):
    copy = Reward.objects.get(pk=rewards[0].pk)
    copy.pk = None
    with pytest.raises(DatabaseError), transaction.atomic():
        copy.save(force_insert=True)
