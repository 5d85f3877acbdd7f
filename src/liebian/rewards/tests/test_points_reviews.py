"""Corrections of points: at once or agreed by two, and always once."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction

from liebian.access.queries import list_audit
from liebian.core.errors import Conflict, Invalid
from liebian.ledger.tests.support import prove_zero, run_threads
from liebian.rewards import queries, services
from liebian.rewards.models import PointsLot, PointsUse, Review
from liebian.rewards.tests.factories import NOW, TODAY
from liebian.rewards.types import POINTS, PointsBurn, PointsEarn, PolicyView, ReviewView

pytestmark = pytest.mark.django_db(databases="__all__")
ANN, BOB, CUSTOMER = 1, 2, 5


@pytest.fixture(autouse=True)
def _everything_adds_up():
    yield
    assert all(proof.holds for proof in prove_zero())
    assert queries.prove_lots() == []


def policy(mode: str, from_points: int = 0) -> None:
    asked = PolicyView(mode, "CNY", 10_000, from_points)  # type: ignore[arg-type]
    services.set_review_policy(policy=asked, actor=ANN, now=NOW)


def propose(
    amount: int, *, key: str = "k", reason: str = "points_goodwill", note: str = "waited too long"
) -> ReviewView:
    return services.propose_adjustment(
        customer_id=CUSTOMER, amount=amount, asset=POINTS, reason=reason, note=note, key=key, actor=ANN, now=NOW
    )


def decide(review: ReviewView, *, agree: bool = True, actor: int = BOB) -> ReviewView:
    return services.decide_review(review_id=review.id, agree=agree, note="", actor=actor, day=TODAY, now=NOW)


def usable() -> int:
    return queries.get_points_balance(CUSTOMER, at=NOW).active


def test_without_a_policy_one_person_suffices_and_stands_with_the_points():
    review = propose(100)
    assert (review.state, usable()) == ("done", 100)
    [lot] = queries.list_lots(CUSTOMER)
    assert (lot.trace["actor"], lot.trace["reason"]) == (ANN, "points_goodwill")
    assert lot.trace["note"] == "waited too long"
    propose(-30, key="2", reason="points_mistake")
    assert usable() == 70
    assert {entry.action for entry in list_audit()} >= {"reward_review_done", "points_adjusted"}


def test_sent_twice_it_happens_once_and_with_other_figures_never():
    assert propose(100).id == propose(100).id
    with pytest.raises(Conflict) as caught:
        propose(101)
    assert caught.value.code == "idempotency_mismatch"
    assert usable() == 100


def test_from_a_number_of_points_on_a_second_person_has_to_agree():
    policy("from", 500)
    assert propose(499).state == "done"
    review = propose(500, key="2")
    assert (review.state, usable(), queries.count_waiting_reviews()) == ("waiting", 499, 1)
    assert [each.id for each in queries.list_waiting_corrections(CUSTOMER, POINTS)] == [review.id]
    with pytest.raises(Conflict) as caught:
        decide(review, actor=ANN)
    assert (caught.value.code, usable()) == ("same_person", 499)
    assert (decide(review).state, usable()) == ("agreed", 999)
    assert (decide(review).state, usable()) == ("agreed", 999)


def test_taking_counts_like_giving():
    propose(1000)
    policy("from", 500)
    assert propose(-500, key="2").state == "waiting"
    assert usable() == 1000


@pytest.mark.parametrize(("mode", "state"), [("never", "done"), ("from", "waiting"), ("always", "waiting")])
def test_a_policy_that_names_no_number_of_points_asks_for_two_whenever_it_asks(mode, state):
    policy(mode)
    assert propose(1).state == state


@pytest.mark.parametrize(("actor", "state"), [(ANN, "withdrawn"), (BOB, "declined")])
def test_what_nobody_agreed_to_moves_nothing(actor, state):
    policy("always")
    assert decide(propose(100), agree=False, actor=actor).state == state
    assert usable() == 0 and not PointsLot.objects.exists()


def test_the_database_itself_knows_that_two_are_not_one():
    policy("always")
    review = propose(100)
    with pytest.raises(IntegrityError), transaction.atomic():
        Review.objects.filter(pk=review.id).update(state="agreed", decided_by=ANN)


def test_more_than_there_is_is_refused_and_leaves_no_trace():
    propose(10)
    with pytest.raises(Conflict) as caught:
        propose(-11, key="2")
    assert caught.value.code == "points_short"
    assert Review.objects.count() == 1 and usable() == 10
    assert propose(-10, key="2").state == "done"


def test_what_was_spent_while_it_waited_leaves_it_waiting():
    propose(100)
    policy("always")
    review = propose(-80, key="2")
    services.burn_points(burns=[PointsBurn("cart", CUSTOMER, 50, NOW)], now=NOW)
    with pytest.raises(Conflict) as caught:
        decide(review)
    assert (caught.value.code, queries.get_review(review.id).state, usable()) == ("points_short", "waiting", 50)
    assert decide(review, agree=False).state == "declined"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"amount": 0}, "points_amount"),
        ({"reason": "checked"}, "review_reason"),
        ({"note": "  "}, "points_note"),
        ({"note": "x" * 501}, "points_note"),
    ],
)
def test_what_makes_no_sense_is_refused(changes, code):
    with pytest.raises(Invalid) as caught:
        propose(**{"amount": 5, **changes})
    assert caught.value.code == code
    assert not Review.objects.exists()


def test_a_reservation_is_let_go_and_an_earning_taken_back_by_whom_and_why():
    services.earn_points(earns=[PointsEarn("visit", CUSTOMER, 100, NOW)], now=NOW)
    [lot] = queries.list_lots(CUSTOMER)
    later = NOW.replace(year=NOW.year + 1)
    services.burn_points(burns=[PointsBurn("cart", CUSTOMER, 60, NOW, reserve_until=later)], now=NOW)
    use = PointsUse.objects.get()
    common = {"customer_id": CUSTOMER, "note": "asked for it", "actor": ANN, "at": NOW, "now": NOW}
    for _ in range(2):
        assert services.release_by_hand(use_id=use.pk, **common).accepted
        assert services.take_back_by_hand(lot_id=lot.id, total=40, key="back", **common).amount == 40
    assert usable() == 60
    told = [entry for entry in list_audit() if entry.action in ("points_released", "points_taken_back")]
    assert len(told) == 2 and {entry.reason for entry in told} == {"asked for it"}


@pytest.mark.django_db(transaction=True, databases="__all__")
def test_of_many_who_agree_at_once_one_does():
    policy("always")
    review = propose(100)

    def agree(actor: int) -> str:
        try:
            return decide(review, actor=actor).state
        except Conflict as error:
            return error.code

    answers = run_threads(agree, list(range(2, 8)))
    assert sorted(answers) == ["agreed"] + ["review_decided"] * 5
    assert usable() == 100
