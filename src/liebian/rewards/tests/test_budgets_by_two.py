"""Money between budgets and the end of a budget: by two from the same limit on as money that is put in, and in the same sums."""

from __future__ import annotations

from datetime import timedelta

import pytest

from liebian.access.permissions import ADMINISTRATOR, OPERATOR, VIEWER
from liebian.access.queries import list_audit
from liebian.core.errors import LiebianError
from liebian.ledger.tests.support import prove_zero, run_threads
from liebian.rewards import queries, services
from liebian.rewards.models import Review
from liebian.rewards.tests.factories import NOW, make_budget, make_grant, make_points
from liebian.rewards.tests.test_funding_by_two import (
    ANN,
    BOB,
    DAY,
    available,
    code_of,
    decide,
    fund,
    policy,
    signed_in,
)
from liebian.rewards.types import ReviewView

pytestmark = pytest.mark.django_db(databases="__all__")


@pytest.fixture(autouse=True)
def _two_from_50_yuan():
    policy("from", 5_000)
    yield
    assert all(proof.holds for proof in prove_zero())


@pytest.fixture
def rich() -> int:
    return make_budget(90_000).id


@pytest.fixture
def poor() -> int:
    return make_budget().id


def move(source: int, target: int, amount: int, *, key: str = "m", actor: int = ANN, at=NOW) -> ReviewView:
    return services.propose_budget_transfer(
        source_id=source, target_id=target, amount_minor=amount, key=key, actor=actor, now=at
    )


def close(budget: int, target: int | None = None, *, key: str = "c", actor: int = ANN) -> ReviewView:
    return services.propose_budget_close(budget_id=budget, target_id=target, key=key, actor=actor, now=NOW)


def is_open(budget: int) -> bool:
    return queries.get_budget(budget).closed_at is None


def test_below_the_limit_one_person_moves_money_and_it_is_kept(rich, poor):
    review = move(rich, poor, 4_999)
    assert (review.state, available(rich), available(poor)) == ("done", 85_001, 4_999)
    [told] = [each for each in list_audit() if each.action == "reward_review_done"]
    assert (told.details["act"], told.details["budget"], told.details["to"], told.details["minor"]) == (
        "budget_move",
        rich,
        poor,
        4_999,
    )


def test_from_the_limit_on_nothing_moves_until_another_one_agrees_and_then_once(rich, poor):
    review = move(rich, poor, 5_000)
    assert (review.state, review.why_second, available(poor)) == ("waiting", "act", 0)
    for each in (rich, poor):
        assert [found.id for found in queries.list_waiting_budget_acts(each)] == [review.id]
    assert code_of(decide, review, actor=ANN) == "same_person" and available(poor) == 0
    assert decide(review).state == decide(review).state == "agreed"
    assert (available(rich), available(poor)) == (85_000, 5_000)


def test_closing_takes_out_what_is_available_when_the_second_person_agrees(rich, poor):
    review = close(rich, poor)
    assert (review.state, is_open(rich), available(rich)) == ("waiting", True, 90_000)
    services.grant_pairs(grants=[make_grant(queries.get_budget(rich), 1, ("referee", make_points()), both=False)], now=NOW)  # fmt: skip
    left = available(rich)
    agreed = decide(review)
    assert agreed.budget_act and agreed.budget_act.amount_minor == left < 90_000
    assert (is_open(rich), available(rich), available(poor)) == (False, 0, left)


@pytest.mark.parametrize(("actor", "state"), [(ANN, "withdrawn"), (BOB, "declined")])
def test_what_nobody_agreed_to_moves_and_closes_nothing(rich, poor, actor, state):
    reviews = move(rich, poor, 5_000), close(rich)
    assert [decide(each, agree=False, actor=actor).state for each in reviews] == [state] * 2
    assert (is_open(rich), available(rich), available(poor)) == (True, 90_000, 0)


def test_putting_in_moving_and_taking_out_are_one_sum_of_a_person(poor, rich):
    other = make_budget(2_000).id
    assert fund(poor, 1_500).state == move(rich, make_budget().id, 1_500).state == "done"
    assert close(other).why_second == "staff"
    assert move(rich, make_budget().id, 2_000, key="2").why_second == "staff"
    assert move(rich, make_budget().id, 2_000, key="3", at=NOW + DAY).state == "done"


@pytest.mark.parametrize("many_from_one", [True, False])
def test_many_people_in_small_steps_for_one_budget_reach_the_second(rich, many_from_one):
    pairs = [(rich, make_budget().id) if many_from_one else (make_budget(9_000).id, rich) for _ in range(3)]
    states = [move(*pair, 2_000, key=f"{n}", actor=n) for n, pair in enumerate(pairs, 1)]
    assert [(each.state, each.why_second) for each in states] == [("done", ""), ("done", ""), ("waiting", "budget")]


def test_an_empty_budget_is_closed_alone_unless_every_act_is_by_two(poor):
    assert close(poor).state == "done" and not is_open(poor)
    policy("always")
    assert close(make_budget().id, key="2").why_second == "always"


def test_what_has_come_back_to_a_closed_budget_is_taken_out_by_two(rich, poor):
    decide(close(rich))
    services.reopen_budget(budget_id=rich, reason="goes on", actor=ANN, now=NOW)
    decide(fund(rich, 6_000))
    assert close(rich, poor, key="2").state == "waiting" and available(poor) == 0


def test_what_cannot_be_done_is_refused_at_once_and_leaves_no_proposal(rich, poor):
    yen = services.create_budget(name="Tokyo", currency="JPY", now=NOW).id
    assert code_of(move, rich, poor, 90_001) == "budget_short" and code_of(move, rich, poor, 0) == "fund_amount"
    assert code_of(move, rich, rich, 6_000) == code_of(close, rich, rich) == "transfer_same"
    assert code_of(move, rich, yen, 6_000) == code_of(close, rich, yen) == "transfer_currency"
    assert code_of(move, rich, 999_999, 6_000) == code_of(close, 999_999) == "budget_not_found"
    services.close_budget(budget_id=poor, target_id=None, idempotency_key="x", actor=None, now=NOW)
    assert code_of(move, rich, poor, 6_000) == code_of(close, rich, poor) == "budget_closed"
    assert not Review.objects.exists()


def test_what_became_impossible_goes_on_waiting(rich, poor):
    review = move(rich, poor, 60_000)
    decide(move(rich, make_budget().id, 40_000, key="2"))
    assert code_of(decide, review) == "budget_short" and queries.get_review(review.id).state == "waiting"
    decide(fund(rich, 10_000))
    assert decide(review).state == "agreed" and available(poor) == 60_000


def test_sent_twice_it_happens_once_and_with_other_figures_never(rich, poor):
    assert move(rich, poor, 100).id == move(rich, poor, 100).id and available(poor) == 100
    assert close(rich, poor).id == close(rich, poor).id
    mismatches = (move, rich, poor, 101), (move, poor, rich, 100), (close, rich), (close, poor, rich)
    assert {code_of(*each) for each in mismatches} == {"idempotency_mismatch"}
    with pytest.raises(LiebianError):
        fund(rich, 100, key="m")
    assert available(poor) == 100


@pytest.mark.django_db(transaction=True, databases="__all__")
def test_many_at_once_let_no_more_through_than_one_after_another(rich, poor):
    states = run_threads(lambda key: move(rich, poor, 1_000, key=f"{key}").state, list(range(8)), workers=8)
    assert sorted(states) == ["done"] * 4 + ["waiting"] * 4 and available(poor) == 4_000


@pytest.mark.django_db(transaction=True, databases="__all__")
def test_there_and_back_at_once_nobody_waits_for_ever(rich):
    other = make_budget(90_000).id
    policy("never")

    def act(key: int) -> str:
        if key % 3 == 2:
            return fund(rich, 1, key=f"{key}").state
        return move(*((rich, other) if key % 2 else (other, rich)), 10, key=f"{key}").state

    assert set(run_threads(act, list(range(12)), workers=6)) == {"done"}


def test_the_pages_ask_first_and_the_second_person_sees_from_where_to_where(rich, poor):
    one, two, viewer = signed_in(OPERATOR), signed_in(ADMINISTRATOR, "zh-hans"), signed_in(VIEWER)
    said = {"amount": "90", "target": poor, "key": "k"}
    asked = one.post(f"/ledger/budgets/{rich}/transfer", said).content.decode()
    assert "Somebody else has to agree before anything moves" in asked and "Propose it" in asked
    one.post(f"/ledger/budgets/{rich}/transfer", {**said, "confirm": "yes"})
    asked = one.post(f"/ledger/budgets/{rich}/close", {"target": "", "key": "c"}).content.decode()
    assert "Somebody else has to agree before anything moves" in asked
    one.post(f"/ledger/budgets/{rich}/close", {"target": "", "key": "c", "confirm": "yes"})
    page = one.get(f"/ledger/budgets/{rich}").content.decode()
    assert "wants to move ¥90.00 from" in page and "wants to close" in page
    moving, closing = queries.list_waiting_budget_acts(rich)
    shown = [two.get(f"/rewards/reviews/{each.id}").content.decode() for each in (moving, closing)]
    assert "转出预算" in shown[0] and "转入预算" in shown[0] and "¥90.00" in shown[0] and "¥810.00" in shown[0]
    assert "关闭预算" in shown[1] and all('value="agree"' in each for each in shown)
    for each in (moving, closing):
        viewer.post(f"/rewards/reviews/{each.id}/decide", {"answer": "agree"})
        one.post(f"/rewards/reviews/{each.id}/decide", {"answer": "agree"})
    assert available(rich) == 90_000 and is_open(rich)
    for each in (moving, closing):
        two.post(f"/rewards/reviews/{each.id}/decide", {"answer": "agree"})
    assert (available(rich), available(poor), is_open(rich)) == (0, 9_000, False)


def test_the_second_person_is_warned_of_what_would_move_nothing(rich, poor):
    review, two = move(rich, poor, 60_000), signed_in(ADMINISTRATOR)
    decide(move(rich, make_budget().id, 40_000, key="2"))
    assert "less available than that by now" in two.get(f"/rewards/reviews/{review.id}").content.decode()
    services.close_budget(budget_id=poor, target_id=None, idempotency_key="x", actor=None, now=NOW + timedelta(1))
    assert "closed by now" in two.get(f"/rewards/reviews/{review.id}").content.decode()
