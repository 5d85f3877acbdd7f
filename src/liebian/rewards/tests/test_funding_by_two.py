"""Money for budgets: alone up to the limit of the policy, by two people from there on, and always once."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from liebian.access.permissions import ADMINISTRATOR, OPERATOR, VIEWER
from liebian.access.queries import list_audit
from liebian.access.tests.factories import make_user
from liebian.core.errors import Conflict, LiebianError
from liebian.ledger.tests.support import prove_zero, run_threads
from liebian.rewards import queries, services
from liebian.rewards.models import Review
from liebian.rewards.tests.factories import NOW, TODAY, make_budget, make_grant, make_points
from liebian.rewards.types import PolicyView, ReviewView

pytestmark = pytest.mark.django_db(databases="__all__")
ANN, BOB = 1, 2
DAY = timedelta(hours=24)


@pytest.fixture(autouse=True)
def _two_from_50_yuan():
    policy("from", 5_000)
    yield
    assert all(proof.holds for proof in prove_zero())


def policy(mode: str, from_minor: int = 0) -> None:
    asked = PolicyView(mode, "CNY" if from_minor else "", from_minor)  # type: ignore[arg-type]
    services.set_review_policy(policy=asked, actor=ANN, now=NOW)


@pytest.fixture
def budget() -> int:
    return make_budget().id


def fund(budget_id: int, amount: int, *, key: str = "k", actor: int = ANN, at: datetime = NOW) -> ReviewView:
    return services.propose_funding(budget_id=budget_id, amount_minor=amount, key=key, actor=actor, now=at)


def decide(review: ReviewView, *, agree: bool = True, actor: int = BOB) -> ReviewView:
    return services.decide_review(review_id=review.id, agree=agree, note="", actor=actor, day=TODAY, now=NOW)


def available(budget_id: int) -> int:
    return queries.get_budget(budget_id).available


def code_of(act, *args, **kwargs) -> str:
    with pytest.raises(LiebianError) as refused:
        act(*args, **kwargs)
    return refused.value.code


def test_below_the_limit_one_person_suffices_and_it_is_kept(budget):
    review = fund(budget, 4_999)
    assert (review.state, review.act, available(budget)) == ("done", "fund", 4_999)
    assert review.budget_act and (review.budget_act.budget_id, review.budget_act.amount_minor) == (budget, 4_999)
    [told] = [each for each in list_audit() if each.action == "reward_review_done"]
    assert (told.actor_id, told.details["budget"], told.details["minor"]) == (ANN, budget, 4_999)


def test_from_the_limit_on_nothing_moves_until_another_one_agrees_and_then_once(budget):
    review = fund(budget, 5_000)
    assert (review.state, review.why_second, available(budget)) == ("waiting", "act", 0)
    assert [each.id for each in queries.list_waiting_budget_acts(budget)] == [review.id]
    assert code_of(decide, review, actor=ANN) == "same_person" and available(budget) == 0
    assert decide(review).state == decide(review).state == "agreed"
    assert available(budget) == 5_000 and queries.list_waiting_budget_acts(budget) == []


@pytest.mark.parametrize(("actor", "state"), [(ANN, "withdrawn"), (BOB, "declined")])
def test_what_nobody_agreed_to_moves_nothing(budget, actor, state):
    assert decide(fund(budget, 5_000), agree=False, actor=actor).state == state
    assert available(budget) == 0


def test_sent_twice_it_happens_once_and_with_other_figures_never(budget):
    assert fund(budget, 100).id == fund(budget, 100).id and available(budget) == 100
    assert fund(budget, 9_000, key="2").id == fund(budget, 9_000, key="2").id
    assert code_of(fund, budget, 101) == code_of(fund, make_budget().id, 100) == "idempotency_mismatch"
    assert available(budget) == 100


def test_one_person_in_small_steps_over_many_budgets_reaches_the_second():
    first, second, third = (make_budget().id for _ in range(3))
    assert [fund(each, 2_000, key=f"of {each}").state for each in (first, second)] == ["done"] * 2
    review = fund(third, 1_000, key="3")
    assert (review.state, review.why_second) == ("waiting", "staff")
    assert fund(third, 999, key="4").state == "done"
    assert fund(third, 1_000, key="5", at=NOW + DAY).state == "done"


def test_many_people_in_small_steps_for_one_budget_reach_the_second(budget):
    assert [fund(budget, 2_000, key=f"{actor}", actor=actor).state for actor in (1, 2)] == ["done"] * 2
    review = fund(budget, 1_000, key="3", actor=3)
    assert (review.state, review.why_second) == ("waiting", "budget")
    assert fund(make_budget().id, 1_000, key="4", actor=3).state == "done"


def test_money_of_rewards_and_of_budgets_is_one_sum(budget):
    grants = [make_grant(make_budget(funded=9_000), 1, ("referee", make_points()), both=False)]
    [outcome] = services.grant_pairs(grants=grants, now=NOW)
    assert fund(budget, 4_000).state == "done"
    said = {"note": "", "actor": ANN, "day": TODAY, "now": NOW}
    review = services.propose_review(
        act="reject", reward_ids=[outcome.reward.id], reason="risk_rejected", key="r", **said
    )
    assert (review.state, review.why_second) == ("waiting", "staff")
    decide(review, agree=False)
    other = services.propose_review(
        act="reject", reward_ids=[outcome.reward.id], reason="risk_rejected", key="s", **{**said, "actor": BOB}
    )
    assert other.state == "done" and fund(make_budget().id, 4_000, key="2", actor=BOB).why_second == "staff"


def test_other_currencies_and_what_two_agreed_to_are_not_in_the_sum(budget):
    decide(fund(budget, 6_000))
    assert fund(budget, 4_999, key="2").state == "done"
    yen = services.create_budget(name="Tokyo", currency="JPY", now=NOW).id
    assert fund(yen, 1, key="3").why_second == "act"
    policy("always")
    assert fund(budget, 1, key="4").why_second == "always"
    policy("never")
    assert fund(yen, 10**9, key="5").state == "done"


def test_a_closed_budget_is_refused_at_once_and_leaves_no_proposal(budget):
    services.close_budget(budget_id=budget, target_id=None, idempotency_key="c", actor=ANN, now=NOW)
    assert code_of(fund, budget, 9_000) == code_of(fund, budget, 1) == "budget_closed"
    assert code_of(fund, budget, 0) == "fund_amount" and code_of(fund, 999, 1) == "budget_not_found"
    assert not Review.objects.exists()


def test_closed_while_it_waited_it_goes_on_waiting(budget):
    review = fund(budget, 9_000)
    services.close_budget(budget_id=budget, target_id=None, idempotency_key="c", actor=ANN, now=NOW)
    assert code_of(decide, review) == "budget_closed" and queries.get_review(review.id).state == "waiting"
    services.reopen_budget(budget_id=budget, reason="goes on", actor=ANN, now=NOW)
    assert decide(review).state == "agreed" and available(budget) == 9_000


def test_the_database_itself_knows_that_two_are_not_one(budget):
    review = fund(budget, 9_000)
    with pytest.raises(IntegrityError), transaction.atomic():
        Review.objects.filter(pk=review.id).update(state="agreed", decided_by=ANN)


@pytest.mark.django_db(transaction=True, databases="__all__")
def test_of_many_who_agree_at_once_one_does(budget):
    review = fund(budget, 9_000)

    def agree(actor: int) -> str:
        try:
            return decide(review, actor=actor).state
        except Conflict as error:
            return error.code

    assert sorted(run_threads(agree, list(range(2, 8)))) == ["agreed"] + ["review_decided"] * 5
    assert available(budget) == 9_000


@pytest.mark.django_db(transaction=True, databases="__all__")
def test_many_at_once_let_no_more_through_than_one_after_another(budget):
    states = run_threads(lambda key: fund(budget, 1_000, key=f"{key}").state, list(range(8)), workers=8)
    assert sorted(states) == ["done"] * 4 + ["waiting"] * 4 and available(budget) == 4_000


def signed_in(role: str, language: str = "en") -> Client:
    client = Client(headers={"accept-language": language})
    client.force_login(make_user(role))
    return client


def test_the_page_asks_first_and_the_second_person_sees_what_and_by_whom(budget):
    one, two, viewer = signed_in(OPERATOR), signed_in(ADMINISTRATOR, "zh-hans"), signed_in(VIEWER)
    address = f"/ledger/budgets/{budget}/fund"
    asked = one.post(address, {"amount": "90", "key": "k"}).content.decode()
    assert "Somebody else has to agree before anything moves" in asked and "Propose it" in asked
    page = one.post(address, {"amount": "90", "key": "k", "confirm": "yes"}, follow=True).content.decode()
    [review] = queries.list_waiting_budget_acts(budget)
    decide_at = f"/rewards/reviews/{review.id}/decide"
    assert "somebody else has to agree first" in page and f"/rewards/reviews/{review.id}" in page
    assert "¥90.00" in one.get("/rewards/reviews").content.decode()
    shown = two.get(f"/rewards/reviews/{review.id}").content.decode()
    assert "¥90.00" in shown and "Dragon boat" in shown and "拨入资金" in shown and 'value="agree"' in shown
    assert 'value="agree"' not in viewer.get(f"/rewards/reviews/{review.id}").content.decode()
    for client in (viewer, one):
        client.post(decide_at, {"answer": "agree"})
        assert available(budget) == 0
    two.post(decide_at, {"answer": "agree"})
    assert available(budget) == 9_000


def test_whoever_may_not_fund_does_not_decide_about_money(budget):
    review = fund(budget, 9_000, actor=77)
    viewer = signed_in(VIEWER)
    page = viewer.post(f"/rewards/reviews/{review.id}/decide", {"answer": "decline"}, follow=True).content.decode()
    assert "not decide about it" in page and queries.get_review(review.id).state == "waiting"
