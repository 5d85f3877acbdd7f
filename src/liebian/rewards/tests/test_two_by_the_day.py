"""Acts of one day are one sum, by staff member and by customer: nobody gets past the second person in small steps."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from liebian.core.errors import Conflict
from liebian.customers.models import Customer
from liebian.ledger.tests.support import prove_zero, run_threads
from liebian.rewards import queries, services
from liebian.rewards.tests.factories import NOW, TODAY, make_budget, make_grant, make_points
from liebian.rewards.types import POINTS, PointsEarn, PointsTerms, PointsTransfer, PolicyView, ReviewView, RewardView

pytestmark = pytest.mark.django_db(databases="__all__")
ANN, BOB, ONE, TWO = 1, 2, 5, 6
DAY = timedelta(hours=24)
SECOND = timedelta(seconds=1)


@pytest.fixture(autouse=True)
def _two_from_500_points_or_50_yuan():
    terms = PointsTerms("UTC", may_transfer=True, shortage="review")
    services.set_points_terms(asset=POINTS, terms=terms, actor=ANN, now=NOW - 9 * DAY)
    services.set_review_policy(policy=PolicyView("from", "CNY", 5_000, 500), actor=ANN, now=NOW)
    yield
    assert all(proof.holds for proof in prove_zero())
    assert queries.prove_lots() == []


def give(key: str, amount: int, customer: int = ONE, actor: int = ANN, at: datetime = NOW) -> ReviewView:
    return services.propose_adjustment(
        customer_id=customer,
        amount=amount,
        asset=POINTS,
        reason="points_goodwill",
        note="waited too long",
        key=key,
        actor=actor,
        now=at,
    )


def earn(customer: int, amount: int = 1000) -> None:
    earns = [PointsEarn(f"visit:{customer}", customer, amount, NOW - DAY)]
    services.earn_points(earns=earns, now=NOW - DAY)


def pass_on(key: str, amount: int, sender: int, receiver: int, actor: int = ANN) -> int | None:
    transfer = PointsTransfer(key, sender, receiver, amount, NOW)
    return services.transfer_by_hand(transfer=transfer, note="a gift", actor=actor, now=NOW).review_id


def take_back(key: str, total: int, actor: int = ANN) -> int | None:
    [lot] = [each for each in queries.list_lots(ONE, only_left=False) if each.amount == 1000]
    said = {"note": "a mistake", "actor": actor, "at": NOW, "now": NOW}
    return services.take_back_by_hand(customer_id=ONE, lot_id=lot.id, total=total, key=key, **said).review_id


def decide(review_id: int, *, agree: bool = True, actor: int = BOB) -> ReviewView:
    return services.decide_review(review_id=review_id, agree=agree, note="", actor=actor, day=TODAY, now=NOW)


def usable(customer: int = ONE) -> int:
    return queries.get_points_balance(customer, at=NOW).active


def test_one_person_in_small_steps_over_many_customers_reaches_the_second():
    assert [give(f"k{who}", 100, who).state for who in range(1, 5)] == ["done"] * 4
    review = give("k5", 100, 5)
    assert (review.state, review.why_second, usable(5)) == ("waiting", "staff", 0)
    assert give("small", 99, 5).state == "done"
    assert give("other", 100, 9, actor=BOB).state == "done"


def test_many_people_in_small_steps_for_one_customer_reach_the_second():
    assert [give(f"k{actor}", 100, actor=actor).state for actor in range(1, 5)] == ["done"] * 4
    review = give("k5", 100, actor=5)
    assert (review.state, review.why_second, usable()) == ("waiting", "customer", 400)
    assert give("k6", 100, TWO, actor=5).state == "done"


def test_giving_taking_and_passing_on_are_one_sum():
    earn(ONE)
    assert give("a", 200).state == "done"
    assert pass_on("b", 100, ONE, TWO) is None
    assert take_back("c", 150) is None
    before = usable()
    for waits in (give("d", -50).id, pass_on("e", 50, ONE, TWO), take_back("f", 200)):
        assert waits is not None and queries.get_review(waits).why_second == "staff"
    assert usable() == before
    assert give("g", -49).state == "done"


def test_whoever_is_given_points_by_many_is_counted_too():
    for sender in (11, 12, 13):
        earn(sender)
    assert pass_on("a", 300, 11, TWO, actor=1) is None
    assert pass_on("b", 199, 12, TWO, actor=2) is None
    waits = pass_on("c", 1, 13, TWO, actor=3)
    assert waits is not None and queries.get_review(waits).why_second == "customer"


def merge(loser: int, winner: int) -> None:
    for person, into in ((loser, winner), (winner, None)):
        Customer.objects.update_or_create(pk=person, defaults={"first_seen_at": NOW, "merged_into": into})


@pytest.mark.parametrize("named", [ONE, TWO])
def test_who_turned_out_to_be_one_is_one_customer(named: int):
    assert give("a", 200, ONE, actor=1).state == "done"
    assert give("b", 200, TWO, actor=2).state == "done"
    assert give("before", 100, TWO, actor=3).state == "done"
    merge(TWO, ONE)
    review = give("c", 1, named, actor=4)
    assert (review.state, review.why_second) == ("waiting", "customer")
    assert give("d", 100, 9, actor=4).state == "done"


def test_points_passed_to_an_old_number_are_counted():
    earn(11)
    assert pass_on("a", 499, 11, TWO, actor=1) is None
    merge(TWO, ONE)
    assert give("b", 1, ONE, actor=2).why_second == "customer"


def test_a_day_is_the_24_hours_before_and_not_the_calendars():
    give("a", 400)
    assert give("b", 100, at=NOW + DAY - SECOND).state == "waiting"
    assert give("c", 100, at=NOW + DAY).state == "done"


def test_a_clock_that_goes_back_forgets_nothing():
    give("a", 400)
    assert give("b", 100, at=NOW - timedelta(hours=1)).state == "waiting"


def test_what_two_agreed_to_or_nobody_did_uses_up_nothing():
    decide(give("a", 500).id)
    decide(give("b", 600).id, agree=False)
    give("c", 700)
    assert give("d", 499).state == "done"
    assert give("e", 1).why_second == "staff"


def test_sent_again_it_is_counted_once_and_answers_the_same():
    earn(ONE)
    for _ in range(3):
        assert give("a", 200).state == "done"
        assert pass_on("b", 200, ONE, TWO) is None
        assert take_back("c", 50) is None
    assert usable() == 950
    assert give("d", 49).state == "done"


def test_what_is_refused_is_not_counted():
    with pytest.raises(Conflict):
        give("a", -300)
    assert give("b", 499).state == "done"


@pytest.mark.parametrize(("mode", "why"), [("never", ""), ("always", "always")])
def test_without_a_limit_nothing_is_added_up(mode, why):
    services.set_review_policy(policy=PolicyView(mode, "", 0), actor=ANN, now=NOW)
    assert [give(f"k{n}", 400).why_second for n in range(3)] == [why] * 3


def grant(*numbers: int, role: str = "referee") -> list[RewardView]:
    """Rewards of 10 yuan: for a friend each, or all for the same inviter."""
    budget = make_budget(funded=90_000)
    grants = [make_grant(budget, number, (role, make_points()), both=False) for number in numbers]
    return [outcome.reward for outcome in services.grant_pairs(grants=grants, now=NOW) if outcome.reward]


def propose(act, key: str, *rewards: RewardView, actor: int = ANN, at: datetime = NOW) -> ReviewView:
    reasons = {"approve": "checked", "hold": "risk_held", "reject": "risk_rejected", "claw_back": "self_referral"}
    return services.propose_review(
        act=act,
        reward_ids=[each.id for each in rewards],
        reason=reasons[act],
        note="",
        key=key,
        actor=actor,
        day=TODAY,
        now=at,
    )


def test_rewards_in_small_lots_reach_the_second_person():
    first, second, third, *more = grant(1, 2, 3, 4, 5, 6)
    assert propose("reject", "a", first, second).state == "done"
    assert propose("claw_back", "b", third).state == "done"
    assert propose("approve", "c", more[0]).state == "done"
    review = propose("reject", "d", more[1])
    assert (review.state, review.why_second) == ("waiting", "staff")
    assert queries.get_reward(more[1].id).state == "held"
    assert propose("reject", "e", more[1], actor=BOB).state == "done"
    assert propose("reject", "f", more[2], at=NOW + DAY).state == "done"


def test_rewards_of_one_customer_are_one_sum_whoever_acts():
    rewards = grant(*range(1, 7), role="referrer")
    states = [propose("reject", f"k{actor}", rewards[actor], actor=actor).state for actor in range(1, 5)]
    assert states == ["done"] * 4
    assert propose("reject", "k5", rewards[5], actor=5).why_second == "customer"
    [other] = grant(9)
    assert propose("reject", "k6", other, actor=5).state == "done"


def test_rewards_of_who_turned_out_to_be_one_are_one_sum():
    rewards = grant(*range(1, 7))
    for reward in rewards[1:]:
        merge(reward.customer_id, rewards[0].customer_id)
    states = [propose("reject", f"k{actor}", rewards[actor], actor=actor).state for actor in range(1, 4)]
    assert states == ["done"] * 3
    review = propose("reject", "k4", rewards[4], rewards[5], actor=5)
    assert (review.state, review.why_second) == ("waiting", "customer")


def test_holding_is_neither_stopped_by_what_was_done_before_nor_counted():
    rewards = grant(*range(1, 7))
    assert propose("hold", "a", *rewards[4:]).state == "done"
    assert propose("reject", "b", *rewards[:4]).state == "done"
    assert propose("approve", "c", rewards[4]).state == "waiting"
    assert propose("hold", "d", *grant(8, 9)).state == "done"


def test_what_had_moved_on_is_not_counted():
    [early, late, *rest] = grant(*range(1, 7))
    assert propose("reject", "a", early, actor=BOB).state == "done"
    assert propose("reject", "b", early, late).state == "done"
    assert propose("reject", "c", *rest[:3]).state == "done"


def test_what_would_change_nothing_waits_for_nobody():
    services.set_review_policy(policy=PolicyView("always", "", 0), actor=ANN, now=NOW)
    [reward] = grant(1)
    decide(propose("reject", "a", reward).id)
    again = propose("reject", "b", reward)
    assert (again.state, [item.outcome for item in again.items]) == ("done", ["moved_on"])


@pytest.mark.django_db(transaction=True, databases="__all__")
def test_many_at_once_let_no_more_through_than_one_after_another():
    states = run_threads(lambda number: give(f"k{number}", 100, number).state, list(range(1, 9)), workers=8)
    assert sorted(states) == ["done"] * 4 + ["waiting"] * 4
    assert sum(usable(who) for who in range(1, 9)) == 400


@pytest.mark.django_db(transaction=True, databases="__all__")
def test_bulk_acts_at_once_let_no_more_through_than_one_after_another():
    rewards = grant(*range(1, 9))
    states = run_threads(lambda reward: propose("reject", f"k{reward.id}", reward).state, rewards, workers=8)
    assert sorted(states) == ["done"] * 4 + ["waiting"] * 4
