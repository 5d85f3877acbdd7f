"""Two customers turn out to be one: what they had is together, once, whatever came before, between or after."""

from __future__ import annotations

from datetime import timedelta

import pytest

from liebian.customers.types import Merge
from liebian.ledger.queries import list_balances, list_entries
from liebian.ledger.tests.support import prove_zero
from liebian.rewards import queries, services
from liebian.rewards.tests.factories import HOLD, NOW, make_budget, make_grant, make_points
from liebian.rewards.tests.points_shop import (
    VIP,
    burn,
    claw,
    day,
    earn,
    look,
    restore,
    set_terms,
    start_day,
    transfer,
)
from liebian.rewards.types import PointsAdjustment, PointsTerms

pytestmark = pytest.mark.django_db(databases="__all__")
GONE, STAYS, THIRD = 1, 2, 3


@pytest.fixture(autouse=True)
def _everything_adds_up():
    yield
    assert all(proof.holds for proof in prove_zero())
    assert queries.prove_lots() == []


def merge(*pairs: tuple[int, int], at=day(2, 1), position: int = 1) -> int:
    merges = [Merge(position + number, loser, winner) for number, (loser, winner) in enumerate(pairs)]
    return services.merge_points(merges=merges, at=at, now=at)


def test_lots_keep_their_ends_and_go_over_once():
    earn("a", 100, day(1, 1), GONE, expires_at=day(3, 1))
    earn("b", 50, day(1, 2), GONE, active_from=day(3, 5))
    earn("c", 10, day(1, 3), STAYS)
    assert merge((GONE, STAYS)) == 1
    assert merge((GONE, STAYS)) == 0
    seen = look(day(2, 1), STAYS)
    assert (seen.active, seen.pending, seen.next_expiry, seen.next_amount) == (110, 50, day(3, 1), 100)
    assert queries.list_lots(GONE, asset=VIP, only_left=False) == []
    assert look(day(2, 1), GONE).active == 0
    assert [entry.memo for entry in list_entries(kind="points_merge").entries] == [{"merged": {"1": 2}}]
    start_day(day(3, 6))
    assert look(day(3, 6), STAYS).active == 60


def test_keys_of_before_still_count_and_ask_for_the_same_person():
    set_terms(may_transfer=True)
    earn("a", 100, day(1, 1), GONE)
    earn("o", 100, day(1, 1), THIRD)
    burn("x", 30, day(1, 2), GONE)
    transfer("t", 5, day(1, 2), GONE, THIRD)
    transfer("u", 5, day(1, 2), THIRD, GONE)
    merge((GONE, STAYS))
    assert earn("a", 100, day(1, 1), GONE).repeated
    assert burn("x", 30, day(1, 2), GONE).repeated
    assert transfer("t", 5, day(1, 2), GONE, THIRD).repeated
    assert transfer("u", 5, day(1, 2), THIRD, GONE).repeated
    assert burn("y", 10, day(2, 2), GONE).accepted
    assert earn("late", 7, day(2, 2), GONE).amount == 7
    asked = PointsAdjustment("k", GONE, 3, day(2, 2), "found", 1, VIP)
    assert services.adjust_points(adjustments=[asked], now=NOW)[0].accepted
    assert restore("x", 30, day(2, 3)).accepted
    assert (look(day(2, 3), STAYS).active, look(day(2, 3), GONE).active) == (100, 0)
    assert transfer("v", 1, day(2, 3), GONE, STAYS).reason == "points_no_transfer"


def test_what_is_set_aside_stays_so_and_can_be_used_or_let_go():
    earn("a", 100, day(1, 1), GONE)
    burn("cart", 60, day(1, 31), GONE, until=day(2, 2))
    burn("other", 10, day(1, 31), GONE, until=day(2, 2))
    merge((GONE, STAYS))
    assert (look(day(2, 1), STAYS).active, look(day(2, 1), STAYS).reserved) == (30, 70)
    assert services.use_reserved(amounts={"cart": 50}, at=day(2, 1), now=NOW)[0].accepted
    assert services.expire_reservations(at=day(2, 2), now=NOW) == 1
    assert (look(day(2, 2), STAYS).active, look(day(2, 2), STAYS).reserved) == (50, 0)


@pytest.mark.parametrize("debtor", [GONE, STAYS])
def test_a_debt_of_either_is_paid_from_what_both_have(debtor):
    set_terms(shortage="debt")
    other = GONE + STAYS - debtor
    earn("a", 100, day(1, 1), debtor)
    burn("x", 100, day(1, 2), debtor)
    claw("a", 80, day(1, 3))
    earn("b", 50, day(1, 4), other)
    merge((GONE, STAYS))
    seen = look(day(2, 1), STAYS)
    assert (seen.active, seen.debt) == (0, 30)
    assert look(day(2, 1), GONE).debt == 0
    claw("a", 100, day(2, 2))
    assert look(day(2, 2), STAYS).debt == 50


@pytest.mark.parametrize(("shortage", "owed"), [("within_balance", "receivable"), ("review", "in_review")])
def test_what_is_owed_otherwise_goes_over_as_it_is(shortage, owed):
    set_terms(shortage=shortage)
    earn("a", 100, day(1, 1), GONE)
    burn("x", 100, day(1, 2), GONE)
    claw("a", 80, day(1, 3))
    earn("b", 50, day(1, 4), STAYS)
    merge((GONE, STAYS))
    assert (look(day(2, 1), STAYS).active, getattr(look(day(2, 1), STAYS), owed)) == (50, 80)
    if shortage == "review":
        decide = {"customer_id": GONE, "asset": VIP, "note": "seen", "actor": 1, "at": day(2, 2), "now": NOW}
        assert services.decide_shortage(amount=80, make_debt=False, key="1", **decide).accepted
        assert look(day(2, 2), STAYS).in_review == 0


@pytest.mark.parametrize("steps", [[[(1, 2)], [(2, 3)]], [[(1, 2), (2, 3)]], [[(2, 3)], [(1, 2)]]])
def test_a_merge_of_somebody_merged_leads_to_whoever_stands(steps):
    for customer in (1, 2, 3):
        earn(f"k{customer}", 10 * customer, day(1, 1), customer)
    for number, pairs in enumerate(steps):
        merge(*pairs, position=10 * number + 1)
    earn("late", 1, day(2, 2), 1)
    assert [look(day(2, 2), customer).active for customer in (1, 2, 3)] == [0, 0, 61]


def test_many_merges_are_one_entry_and_as_many_statements_as_one(django_assert_max_num_queries):
    for customer in range(1, 41):
        earn(f"k{customer}", 10, day(1, 1), customer)
    with django_assert_max_num_queries(60):
        assert merge(*[(number, number + 20) for number in range(1, 21)]) == 20
    assert len(list_entries(kind="points_merge").entries) == 1
    assert [look(day(2, 1), customer).active for customer in (1, 20, 21, 40)] == [0, 0, 20, 20]


def test_every_programme_of_points_has_an_entry():
    earn("a", 100, day(1, 1), GONE)
    services.adjust_points(adjustments=[PointsAdjustment("k", GONE, 7, day(1, 1), "found", 1)], now=NOW)
    merge((GONE, STAYS))
    assert len(list_entries(kind="points_merge").entries) == 2
    assert (look(day(2, 1), STAYS).active, queries.get_points_balance(STAYS, at=day(2, 1)).active) == (100, 7)


def test_the_later_end_of_both_silences_counts():
    set_terms(expiry="inactivity", expiry_count=30)
    earn("a", 100, day(1, 1), GONE)
    earn("b", 10, day(1, 20), STAYS)
    merge((GONE, STAYS), at=day(1, 25))
    seen = look(day(2, 1), STAYS)
    assert (seen.active, seen.next_expiry) == (110, day(2, 19, 16))
    start_day(day(2, 19, 16))
    assert look(day(2, 20), STAYS).active == 0


@pytest.mark.parametrize("night", [True, False])
def test_what_lapsed_before_stays_so_for_the_lots_of_that_customer_alone(night):
    set_terms(expiry="inactivity", expiry_count=30)
    earn("a", 100, day(1, 1), GONE)
    burn("x", 40, day(1, 2), GONE)
    earn("b", 10, day(1, 1), STAYS)
    if night:
        start_day(day(2, 5))
    else:
        burn("y", 4, day(1, 30), STAYS)
    merge((GONE, STAYS), at=day(2, 15))
    assert restore("x", 40, day(2, 16)).accepted
    restore("y", 4, day(2, 16))
    start_day(day(2, 17))
    assert look(day(2, 17), STAYS).active == (0 if night else 10)
    assert list_balances(["points_breakage:vip"])["points_breakage:vip"] == (110 if night else 100)


def test_a_reward_of_points_follows_who_they_are_before_and_after_it_is_issued():
    services.set_points_terms(asset="POINTS/0", terms=PointsTerms("UTC", shortage="review"), actor=1, now=day(1, 1))
    budget = make_budget(funded=4000)
    offer = make_points()
    for number in (1, 2):
        services.grant_pairs(grants=[make_grant(budget, number, ("referrer", offer))], now=NOW)
        services.release_due(day=HOLD, now=NOW, limit=1)
        if number == 1:
            merge((1, 50), at=NOW)
    assert queries.get_points_balance(50, at=NOW).active == 2000
    assert queries.get_points_balance(1, at=NOW).active == 0
    for number in (1, 2):
        services.cancel_or_claw_back(
            qualification=f"order:{number}", refunded_minor=1, order_total_minor=2, at=NOW, now=NOW
        )
    later = NOW + timedelta(days=1)
    assert queries.get_points_balance(50, at=later).active == 1000
    assert [reward.owed_minor for reward in queries.list_rewards(customer_id=1)] == [0, 0]
