"""Giving up a payout that failed: alone up to the limit of the policy, by two people from there on, and always once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from liebian.access.permissions import ADMINISTRATOR, OPERATOR, VIEWER
from liebian.access.queries import list_audit
from liebian.access.tests.factories import make_user
from liebian.core.errors import LiebianError
from liebian.ledger.tests.support import prove_zero, run_threads
from liebian.payouts import queries, services
from liebian.payouts.models import Payout
from liebian.payouts.tests.desk import (
    CHECKER,
    MAKER,
    approve,
    give_payees,
    make_account,
    owe,
    reward_state,
    states,
    where,
)
from liebian.payouts.types import AccountView
from liebian.rewards import queries as rewards_seen
from liebian.rewards import services as rewards
from liebian.rewards.tests.factories import NOW, TODAY
from liebian.rewards.types import BudgetView, PolicyView, RewardView

pytestmark = pytest.mark.django_db(databases="__all__")
SOON = NOW + timedelta(minutes=1)


@pytest.fixture(autouse=True)
def _everything_adds_up():
    yield
    assert all(proof.holds for proof in prove_zero())


def ask_for_two(mode: str = "always", from_minor: int = 0) -> None:
    policy = PolicyView(mode, "CNY" if from_minor else "", from_minor)  # type: ignore[arg-type]
    rewards.set_review_policy(policy=policy, actor=MAKER, now=NOW)


def fail(n: int = 1) -> tuple[AccountView, BudgetView, list[RewardView]]:
    """Payouts of ten yuan that were handed over and did not arrive."""
    account = make_account(adapter="manual")
    budget, owed = owe(n)
    give_payees(owed, "manual")
    services.hand_over(batch_id=approve(account, owed).id, actor=CHECKER, now=NOW)
    for payout in Payout.objects.all():
        services.record_result(payout_id=payout.pk, paid=False, reference="", note="", actor=CHECKER, now=NOW)
    return account, budget, owed


def give_up(number: int = 0, *, actor: int = MAKER, note: str = "account closed") -> bool:
    payout = Payout.objects.order_by("id")[number]
    return services.give_up(payout_id=payout.pk, note=note, actor=actor, now=NOW)


def decide(*, agree: bool = True, actor: int = CHECKER) -> str:
    [review] = rewards_seen.list_reviews(limit=1)
    return rewards.decide_review(
        review_id=review.id, agree=agree, note="so be it", actor=actor, day=TODAY, now=NOW
    ).state


def code_of(act, *args, **kwargs) -> str:
    with pytest.raises(LiebianError) as refused:
        act(*args, **kwargs)
    return refused.value.code


def test_without_a_policy_one_person_suffices():
    _account, budget, [reward] = fail()
    assert give_up() is give_up() is True
    assert states() == ["returned"] and where(budget) == (1000, 0, 0)
    assert reward_state(reward) == ("returned", "payout_given_up")


def test_by_two_nothing_moves_until_another_one_agrees_and_then_once():
    ask_for_two()
    _account, budget, [reward] = fail()
    assert give_up() is give_up() is False
    assert states() == ["failed"] and where(budget) == (0, 1000, 0) and rewards_seen.count_waiting_reviews() == 1
    assert code_of(decide, actor=MAKER) == "same_person"
    assert decide() == decide() == "agreed"
    for _again in range(2):
        services.work_payouts(SOON)
    assert states() == ["returned"] and where(budget) == (1000, 0, 0)
    assert reward_state(reward) == ("returned", "payout_given_up")
    last = queries.list_payout_changes(Payout.objects.get().pk)[-1]
    assert (last.to_state, last.actor, last.note) == ("returned", MAKER, "account closed")
    told = [(each.action, each.actor_id) for each in list_audit() if each.action.startswith("reward_review_a")]
    assert told == [("reward_review_agreed", CHECKER)]
    assert give_up() is True


@pytest.mark.parametrize(("actor", "state"), [(MAKER, "withdrawn"), (CHECKER, "declined")])
def test_declined_or_withdrawn_it_can_be_sent_again_or_given_up_again(actor, state):
    ask_for_two()
    account, budget, _owed = fail()
    give_up()
    assert decide(agree=False, actor=actor) == state
    services.work_payouts(SOON)
    assert [each.reason for each in queries.list_payouts()] == ["give_up_declined"] and where(budget) == (0, 1000, 0)
    assert [each.problem for each in queries.list_waiting(account_id=account.id, now=SOON)] == [""]
    assert give_up() is False and decide() == "agreed"
    services.work_payouts(SOON)
    assert states() == ["returned"] and where(budget) == (1000, 0, 0)


def test_an_answer_is_known_also_before_the_worker_came():
    ask_for_two()
    fail()
    give_up()
    decide(agree=False)
    assert give_up(note="again") is False
    decide()
    assert give_up(actor=7) is True and states() == ["returned"]


def test_while_it_waits_it_is_neither_sent_again_nor_proposed_by_others():
    ask_for_two()
    account, _budget, owed = fail()
    give_up()
    assert code_of(give_up, actor=CHECKER) == "give_up_waits"
    assert [each.problem for each in queries.list_waiting(account_id=account.id, now=SOON)] == ["give_up_waits"]
    assert code_of(approve, account, owed, key="2") == "batch_empty"


def test_small_ones_of_a_day_are_one_sum():
    ask_for_two("from", 2500)
    fail(4)
    assert [give_up(number) for number in range(3)] == [True, True, False]
    [review] = rewards_seen.list_reviews(state="waiting")
    assert (review.act, review.why_second) == ("give_up", "staff")
    assert give_up(3, actor=CHECKER) is True


def test_what_has_ended_is_refused_at_once_and_leaves_no_proposal():
    ask_for_two()
    fail()
    rewards.cancel_or_claw_back(qualification="order:1", refunded_minor=10, order_total_minor=10, at=NOW, now=NOW)
    assert code_of(give_up) == "give_up_nothing"
    assert states() == ["failed"] and rewards_seen.list_reviews() == []


def test_paid_after_all_it_is_not_given_up():
    ask_for_two()
    account, budget, [reward] = fail()
    give_up()
    row = ["our number", "amount", "state"], [[Payout.objects.get().out_no, "10.00", "paid"]]
    services.compare_statement(
        account_id=account.id, name="s", header=row[0], rows=row[1], first_day=None, last_day=None, actor=CHECKER, now=NOW
    )  # fmt: skip
    assert decide() == "agreed"
    services.work_payouts(SOON)
    assert states() == ["paid"] and reward_state(reward)[0] == "issued" and where(budget) == (0, 0, 1000)


@pytest.mark.django_db(transaction=True, databases="__all__")
def test_of_many_who_agree_at_once_one_does():
    ask_for_two()
    _account, budget, _owed = fail()
    give_up()

    def agree(actor: int) -> str:
        try:
            return decide(actor=actor)
        except LiebianError as error:
            return error.code

    assert sorted(run_threads(agree, list(range(2, 8)))) == ["agreed"] + ["review_decided"] * 5
    run_threads(lambda _each: services.follow_given_up(now=SOON), list(range(4)))
    assert states() == ["returned"] and where(budget) == (1000, 0, 0)
    assert (
        len([each for each in queries.list_payout_changes(Payout.objects.get().pk) if each.to_state == "returned"]) == 1
    )


def signed_in(role: str, language: str = "en") -> Client:
    client = Client(headers={"accept-language": language})
    client.force_login(make_user(role))
    return client


def test_the_second_person_sees_what_is_asked_and_by_whom():
    ask_for_two()
    fail()
    payout = Payout.objects.get()
    one, two, viewer = signed_in(OPERATOR), signed_in(ADMINISTRATOR, "zh-hans"), signed_in(VIEWER)
    page = one.post(f"/payouts/{payout.pk}/give-up", {"note": "no such account"}, follow=True).content.decode()
    assert "somebody else has to agree" in page and "no such account" in page
    [review] = rewards_seen.list_reviews()
    address = f"/rewards/reviews/{review.id}"
    assert address in page and "/give-up" not in page
    shown = two.get(address).content.decode()
    assert "放弃打款" in shown and "no such account" in shown and "同意" in shown
    for client in (viewer, one):
        client.post(f"{address}/decide", {"answer": "agree"})
        assert rewards_seen.get_review(review.id).state == "waiting"
    two.post(f"{address}/decide", {"answer": "agree"})
    services.work_payouts(SOON)
    assert states() == ["returned"]
