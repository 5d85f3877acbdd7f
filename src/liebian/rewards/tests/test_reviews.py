"""What people do to rewards: alone, or only together with a second person, and never twice."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from liebian.access.queries import list_audit
from liebian.core.errors import Conflict, Invalid, NotFound
from liebian.ledger.tests.support import prove_zero, run_threads
from liebian.rewards import queries, services
from liebian.rewards.models import Review
from liebian.rewards.tests.factories import HOLD, NOW, TODAY, make_budget, make_coupon, make_grant, make_points
from liebian.rewards.types import BudgetView, OfferDraft, PolicyView, RewardView

pytestmark = pytest.mark.django_db(databases="__all__")
ANN, BOB = 1, 2


@pytest.fixture(autouse=True)
def _always_zero():
    yield
    assert all(proof.holds for proof in prove_zero())


@pytest.fixture
def budget() -> BudgetView:
    return make_budget(funded=10_000)


def grant(budget: BudgetView, number: int = 1, *, approval: str = "rule") -> RewardView:
    draft = OfferDraft("points", "p", "CNY", cost_minor=1000, points=100, approval=approval)  # type: ignore[arg-type]
    offer = services.create_offer(draft=draft, now=NOW)
    [outcome] = services.grant_pairs(grants=[make_grant(budget, number, ("referrer", offer))], now=NOW)
    return outcome.reward


def propose(act, *rewards: RewardView, key="k", actor=ANN, day=TODAY, reason=""):
    reasons = {"approve": "checked", "hold": "risk_held", "reject": "risk_rejected", "claw_back": "self_referral"}
    return services.propose_review(
        act=act, reward_ids=[each.id for each in rewards], reason=reason or reasons[act], note="seen the receipts", key=key,
        actor=actor, day=day, now=NOW,
    )  # fmt: skip


def decide(review, *, agree=True, actor=BOB, day=TODAY):
    return services.decide_review(review_id=review.id, agree=agree, note="", actor=actor, day=day, now=NOW)


def state(reward: RewardView) -> str:
    return queries.get_reward(reward.id).state


def why(act, *rewards: RewardView, actor=ANN, at=NOW) -> str:
    return queries.why_rewards_wait(act=act, reward_ids=[each.id for each in rewards], actor=actor, at=at)


def always_two() -> None:
    services.set_review_policy(policy=PolicyView("always", "", 0), actor=ANN, now=NOW)


def test_a_reward_that_needs_approval_waits_for_it_and_then_for_its_day(budget):
    reward = grant(budget, approval="person")
    assert reward.state == "pending"
    assert services.release_due(day=HOLD, now=NOW) == []
    propose("approve", reward)
    assert state(reward) == "approved"
    [released] = services.release_due(day=HOLD, now=NOW)
    assert (released.state, queries.points_balance(1)) == ("issued", 100)


def test_approval_after_its_day_issues_it_at_once(budget):
    reward = grant(budget, approval="person")
    propose("approve", reward, day=HOLD)
    assert state(reward) == "issued"


def test_a_reward_on_hold_is_not_released_until_somebody_approves_it(budget):
    reward = grant(budget)
    propose("hold", reward)
    assert services.release_due(day=HOLD + timedelta(days=400), now=NOW) == []
    assert queries.get_reward(reward.id).is_on_hold
    propose("approve", reward, key="2", day=HOLD)
    assert state(reward) == "issued"
    assert not queries.get_reward(reward.id).is_on_hold


def test_a_rejected_reward_gives_its_money_back(budget):
    reward = grant(budget)
    propose("reject", reward)
    seen = queries.get_budget(budget.id)
    assert (state(reward), seen.available, seen.reserved) == ("rejected", 10_000, 0)
    assert queries.get_reward(reward.id).kept_minor == 0
    assert services.release_due(day=HOLD, now=NOW) == []


def test_an_issued_reward_is_taken_back_with_what_the_customer_still_has(budget):
    reward = grant(budget)
    services.release_due(day=HOLD, now=NOW)
    propose("claw_back", reward)
    assert (state(reward), queries.points_balance(1)) == ("clawed_back", 0)
    assert queries.get_budget(budget.id).available == 10_000


def test_every_act_stands_in_the_history_with_who_why_and_the_note(budget):
    reward = grant(budget)
    propose("hold", reward)
    last = queries.list_reward_changes(reward.id)[-1]
    assert (last.to_state, last.reason, last.actor, last.note) == ("held", "risk_held", ANN, "seen the receipts")
    assert next(entry.action for entry in list_audit()) == "reward_review_done"


def test_the_same_act_sent_twice_is_one_act(budget):
    reward = grant(budget)
    assert propose("reject", reward).id == propose("reject", reward).id
    assert queries.get_budget(budget.id).available == 10_000
    with pytest.raises(Conflict) as caught:
        propose("hold", reward)
    assert caught.value.code == "idempotency_mismatch"


def test_what_has_moved_on_is_left_alone_and_said(budget):
    early, late = grant(budget, 1), grant(budget, 2)
    propose("reject", early)
    review = propose("approve", early, late, key="2")
    assert [item.outcome for item in review.items] == ["moved_on", "done"]
    assert (state(early), state(late)) == ("rejected", "approved")


def test_with_four_eyes_nothing_moves_before_a_second_person_agrees(budget):
    always_two()
    reward = grant(budget)
    review = propose("reject", reward)
    assert (review.state, state(reward), queries.count_waiting_reviews()) == ("waiting", "held", 1)
    with pytest.raises(Conflict) as caught:
        decide(review, actor=ANN)
    assert caught.value.code == "same_person"
    assert decide(review).state == "agreed"
    assert (state(reward), queries.count_waiting_reviews()) == ("rejected", 0)
    assert decide(review).state == "agreed"
    with pytest.raises(Conflict) as caught:
        decide(review, actor=3)
    assert caught.value.code == "review_decided"


@pytest.mark.parametrize(("actor", "expected"), [(ANN, "withdrawn"), (BOB, "declined")])
def test_an_act_that_nobody_agreed_to_changes_nothing(budget, actor, expected):
    always_two()
    reward = grant(budget)
    review = decide(propose("reject", reward), agree=False, actor=actor)
    assert (review.state, state(reward)) == (expected, "held")


def test_the_database_itself_knows_that_two_are_not_one(budget):
    always_two()
    review = propose("reject", grant(budget))
    with pytest.raises(IntegrityError), transaction.atomic():
        Review.objects.filter(pk=review.id).update(state="agreed", decided_by=ANN)
    with pytest.raises(IntegrityError), transaction.atomic():
        Review.objects.filter(pk=review.id).update(state="agreed", decided_by=None)


def test_the_policy_counts_the_money_of_what_would_move(budget):
    services.set_review_policy(policy=PolicyView("from", "CNY", 1500), actor=ANN, now=NOW)
    one, two = grant(budget, 1), grant(budget, 2)
    preview = queries.preview_review("reject", [one.id, two.id])
    assert (preview.n_fitting, preview.minor_by_currency) == (2, {"CNY": 2000})
    assert (why("reject", one), why("reject", one, two)) == ("", "act")


@pytest.mark.parametrize("policy", [PolicyView("from", "CNY", 0), PolicyView("from", "", 5), PolicyView("no", "", 0)])  # type: ignore[arg-type]
def test_a_policy_without_sense_is_refused(policy):
    with pytest.raises(Invalid):
        services.set_review_policy(policy=policy, actor=ANN, now=NOW)


def test_an_act_needs_rewards_that_exist_and_a_reason_from_its_list(budget):
    reward = grant(budget)
    with pytest.raises(Invalid):
        propose("approve", reward, reason="risk_rejected")
    with pytest.raises(Invalid):
        propose("approve")
    with pytest.raises(NotFound):
        services.propose_review(
            act="hold", reward_ids=[reward.id, 10**9], reason="risk_held", note="", key="x", actor=ANN, day=TODAY, now=NOW
        )  # fmt: skip
    assert state(reward) == "held"


def test_a_refund_reaches_what_waits_for_approval(budget):
    reward = grant(budget, approval="person")
    services.cancel_or_claw_back(qualification="order:1", refunded_minor=5, order_total_minor=5, at=NOW, now=NOW)
    assert state(reward) == "cancelled"
    assert queries.get_budget(budget.id).available == 10_000


def test_offers_that_need_no_approval_are_the_same_offers_as_before():
    assert make_points().approval == "rule"
    draft = OfferDraft("points", "1000 points", "CNY", cost_minor=1000, points=1000, approval="person")
    assert services.create_offer(draft=draft, now=NOW).id != make_points().id


@pytest.mark.django_db(transaction=True, databases="__all__")
def test_of_many_who_agree_at_once_one_does():
    always_two()
    budget = make_budget(funded=10_000)
    review = propose("reject", grant(budget), grant(budget, 2))

    def agree(actor: int) -> str:
        try:
            return decide(review, actor=actor).state
        except Conflict as error:
            return error.code

    answers = run_threads(agree, list(range(2, 10)))
    assert sorted(answers) == ["agreed"] + ["review_decided"] * 7
    assert queries.get_budget(budget.id).available == 10_000


def test_a_coupon_can_wait_for_approval_too(budget):
    [outcome] = services.grant_pairs(grants=[make_grant(budget, 1, ("referee", make_coupon()))], now=NOW)
    propose("hold", outcome.reward)
    propose("approve", outcome.reward, key="2", day=HOLD)
    assert [coupon.state for coupon in queries.list_coupons(1001)] == ["issued"]
