"""Points in lots: earned, spent, given back, taken back, ended."""

from __future__ import annotations

from datetime import timedelta

import pytest

from liebian.core.errors import Conflict, Invalid
from liebian.ledger.queries import list_balances, list_entries
from liebian.ledger.tests.support import prove_zero
from liebian.rewards import queries, services
from liebian.rewards.services.points import ending
from liebian.rewards.tests.factories import HOLD, NOW, make_budget, make_grant, make_points
from liebian.rewards.tests.points_shop import (
    VIP,
    burn,
    claw,
    day,
    earn,
    left,
    look,
    restore,
    set_terms,
    start_day,
    transfer,
)
from liebian.rewards.types import Multiplier, PointsAdjustment, PointsBurn, PointsEarn, PointsTerms

pytestmark = pytest.mark.django_db(databases="__all__")
JAN, FEB = day(1, 31, 16), day(2, 28, 16)


@pytest.fixture(autouse=True)
def _everything_adds_up():
    yield
    assert all(proof.holds for proof in prove_zero())
    assert queries.prove_lots() == []


def two_lots() -> None:
    """100 that end with January and 100 that end with February."""
    earn("a", 100, day(1, 1), expires_at=JAN)
    earn("b", 100, day(1, 2), expires_at=FEB)


def test_what_ends_first_is_spent_first():
    earn("late", 100, day(1, 1), expires_at=FEB)
    earn("never", 100, day(1, 1))
    earn("early", 100, day(1, 2), expires_at=JAN)
    assert burn("x", 150, day(1, 5)).accepted
    assert left() == [(100, 50), (100, 100), (100, 0)]


def test_ties_are_broken_by_when_it_was_earned():
    earn("second", 100, day(1, 3), expires_at=JAN)
    earn("first", 100, day(1, 2), expires_at=JAN)
    burn("x", 50, day(1, 5))
    assert left() == [(100, 100), (100, 50)]


@pytest.mark.parametrize(("late", "active", "lost"), [("expired", 100, 100), ("grace", 200, 0)])
def test_a_returned_burn_restores_the_lots_and_their_ends(late, active, lost):
    set_terms(late_restore=late, grace_days=7)
    two_lots()
    burn("x", 150, day(1, 5))
    assert left() == [(100, 0), (100, 50)]
    start_day(JAN)
    assert restore("x", 150, day(2, 15)).amount == 150
    seen = look(day(2, 15))
    assert seen.active == active
    assert list_balances(["points_breakage:vip"])["points_breakage:vip"] == lost
    if late == "grace":
        assert (seen.next_expiry, seen.next_amount) == (day(2, 22, 16), 100)
    assert look(FEB).active == 0


def test_a_returned_burn_in_time_is_as_if_it_had_not_been():
    two_lots()
    before = [(lot.cause, lot.remaining, lot.expires_at) for lot in queries.list_lots(1, asset=VIP)]
    burn("x", 150, day(1, 5))
    restore("x", 150, day(1, 15))
    assert [(lot.cause, lot.remaining, lot.expires_at) for lot in queries.list_lots(1, asset=VIP)] == before


def test_parts_of_a_burn_come_back_cumulatively():
    two_lots()
    burn("x", 150, day(1, 5))
    assert restore("x", 30, day(1, 6)).amount == 30
    assert left() == [(100, 0), (100, 80)]
    assert restore("x", 30, day(1, 6)).repeated
    assert restore("x", 90, day(1, 7)).amount == 90
    assert left() == [(100, 40), (100, 100)]
    assert restore("x", 999, day(1, 8)).amount == 150
    assert restore("unknown", 1, day(1, 8)).reason == "points_unknown"


def test_an_end_is_exact_to_the_moment_whether_or_not_the_job_came_by():
    two_lots()
    instant = timedelta(microseconds=1)
    assert look(JAN - instant).active == 200
    assert (look(JAN).active, look(JAN).next_expiry) == (100, FEB)
    assert burn("late", 101, JAN).reason == "points_short"
    assert burn("in time", 101, JAN - instant).accepted
    start_day(JAN)
    assert look(JAN).active == 99
    assert services.expire_points(at=JAN, now=JAN) == 0


def test_one_entry_ends_the_points_of_many():
    set_terms(expiry="days", expiry_count=10)
    for number in range(5):
        earn(f"k{number}", 10 + number, day(1, 1), customer=number)
    assert services.expire_points(at=day(1, 11, 15), now=NOW) == 0
    assert services.expire_points(at=day(1, 11, 16), now=NOW, limit=3) == 3
    assert services.expire_points(at=day(1, 11, 16), now=NOW, limit=3) == 2
    assert len(list_entries(kind="points_expire").entries) == 2
    assert list_balances(["points_breakage:vip"])["points_breakage:vip"] == 60
    assert [each.kind for each in queries.list_points_history(3, asset=VIP)] == ["points_expire", "points_earn"]


def test_a_night_goes_on_behind_each_piece_and_leaves_nothing():
    set_terms(expiry="days", expiry_count=10)
    for number in range(7):
        earn(f"k{number}", 10, day(1, 1 + number % 2), customer=number % 3)
    services.earn_points(earns=[PointsEarn("usual", 1, 5, day(1, 1), expires_at=JAN)], now=NOW)
    night = {"at": JAN, "now": NOW, "piece": 2}
    assert services.expire_many_points(**night, seconds=0) == 2
    earn("late", 3, day(1, 1), customer=0)
    assert services.expire_many_points(**night) == 7
    assert services.expire_many_points(**night) == 0
    assert [look(JAN, customer).active for customer in range(3)] == [0, 0, 0]
    assert len(list_entries(kind="points_expire").entries) == 5


def test_what_was_spent_before_a_silence_lapsed_with_it_whether_or_not_the_job_came_by():
    set_terms(expiry="inactivity", expiry_count=30)
    for customer in (1, 2):
        earn(f"k{customer}", 100, day(1, 1), customer=customer)
        burn(f"x{customer}", 40, day(1, 2), customer=customer)
        burn(f"y{customer}", 10, day(1, 2), customer=customer, until=day(4, 1))
    earn("new", 7, day(2, 20))
    start_day(day(2, 25))
    earn("new too", 7, day(2, 25), customer=2)
    for customer in (1, 2):
        assert restore(f"x{customer}", 40, day(2, 26)).accepted
        assert services.release_reserved(keys=[f"y{customer}"], at=day(2, 26), now=NOW)[0].accepted
        assert look(day(2, 26), customer).active == 7
    assert list_balances(["points_breakage:vip"])["points_breakage:vip"] == 200


def test_silence_ends_the_whole_balance_and_every_act_puts_it_off():
    set_terms(expiry="inactivity", expiry_count=30)
    earn("a", 100, day(1, 1))
    burn("x", 10, day(1, 20))
    assert (look(day(2, 19)).active, look(day(2, 19)).next_expiry) == (90, day(2, 19, 16))
    assert look(day(2, 19, 16)).active == 0
    assert burn("y", 1, day(2, 19, 16)).reason == "points_short"
    earn("b", 5, day(2, 20))
    assert look(day(2, 20)).active == 5
    start_day(day(2, 20, 16))
    assert left() == [(100, 0), (5, 5)]
    assert [each.customer_id for each in queries.list_expiring_points(at=day(3, 1), until=day(4, 1), asset=VIP)] == [1]
    start_day(day(3, 22, 16))
    assert look(day(3, 23)).active == 0


def test_pending_points_cannot_be_spent_before_their_day():
    earn("a", 100, day(1, 1), active_from=day(1, 8, 16))
    assert (look(day(1, 2)).active, look(day(1, 2)).pending) == (0, 100)
    assert burn("x", 1, day(1, 3)).reason == "points_short"
    assert services.activate_points(at=day(1, 8, 15), now=NOW) == 0
    start_day(day(1, 8, 16))
    assert (look(day(1, 9)).active, look(day(1, 9)).pending) == (100, 0)
    assert burn("x", 100, day(1, 9)).accepted


def test_what_was_set_aside_is_burned_or_returns_once():
    two_lots()
    assert burn("cart", 150, day(1, 5), until=day(1, 5, 5)).accepted
    assert (look(day(1, 5)).active, look(day(1, 5)).reserved) == (50, 150)
    assert burn("other", 51, day(1, 5)).reason == "points_short"
    [used] = services.use_reserved(amounts={"cart": 120}, at=day(1, 5), now=NOW)
    assert used.amount == 120
    assert services.use_reserved(amounts={"cart": 120}, at=day(1, 6), now=NOW)[0].repeated
    assert services.release_reserved(keys=["cart"], at=day(1, 6), now=NOW)[0].reason == "points_used"
    assert (look(day(1, 5)).active, look(day(1, 5)).reserved) == (80, 0)
    assert left() == [(100, 0), (100, 80)]
    assert restore("cart", 120, day(1, 7)).accepted
    assert left() == [(100, 100), (100, 100)]
    assert burn("cart", 150, day(1, 5)).repeated


def test_what_nobody_used_in_time_returns():
    two_lots()
    burn("cart", 150, day(1, 5), until=day(1, 5, 5))
    assert (
        services.use_reserved(amounts={"cart": None}, at=day(1, 5, 5), now=NOW)[0].reason == "points_reservation_over"
    )
    assert services.expire_reservations(at=day(1, 5), now=NOW) == 0
    assert services.expire_reservations(at=day(1, 5, 5), now=NOW) == 1
    assert services.expire_reservations(at=day(1, 5, 5), now=NOW) == 0
    assert left() == [(100, 100), (100, 100)]
    assert services.use_reserved(amounts={"cart": None}, at=day(1, 5), now=NOW)[0].reason == "points_reservation_over"


def test_a_reservation_holds_points_past_their_end_but_does_not_bring_them_back():
    two_lots()
    burn("a", 100, JAN - timedelta(minutes=5), until=JAN + timedelta(minutes=5))
    start_day(JAN)
    assert services.release_reserved(keys=["a"], at=JAN, now=NOW)[0].accepted
    assert (look(JAN).active, look(JAN).reserved) == (100, 0)
    assert list_balances(["points_breakage:vip"])["points_breakage:vip"] == 100


def test_multipliers_are_written_down_with_the_lot():
    set_terms(stacking="multiply", most_bp=25_000)
    factors = (Multiplier("double day", 20_000), Multiplier("gold", 15_000))
    assert earn("a", 101, day(1, 1), multipliers=factors).amount == 252
    [lot] = queries.list_lots(1, asset=VIP)
    assert lot.trace["multipliers"] == [["double day", 20_000], ["gold", 15_000]]
    assert earn("b", 1, day(1, 1), multipliers=(Multiplier("none", 0),)).reason == "points_nothing"


@pytest.mark.parametrize(
    ("shortage", "owed"),
    [("within_balance", "receivable"), ("debt", "debt"), ("review", "in_review")],
)
def test_what_cannot_be_taken_back_is_owed_as_the_terms_say(shortage, owed):
    set_terms(shortage=shortage)
    earn("a", 100, day(1, 1))
    earn("b", 20, day(1, 2))
    burn("x", 90, day(1, 3))
    assert claw("a", 60, day(1, 4)).amount == 60
    seen = look(day(1, 4))
    assert (seen.active, getattr(seen, owed)) == (0, 30)
    assert claw("a", 60, day(1, 4)).repeated
    assert claw("a", 999, day(1, 5)).amount == 100
    assert getattr(look(day(1, 5)), owed) == 70


def test_a_debt_blocks_spending_and_later_points_pay_it_first():
    set_terms(shortage="debt", may_transfer=True)
    earn("a", 100, day(1, 1))
    burn("x", 100, day(1, 2))
    claw("a", 100, day(1, 3))
    earn("b", 60, day(1, 4))
    assert (look(day(1, 4)).active, look(day(1, 4)).debt, look(day(1, 4)).spendable) == (0, 40, 0)
    assert burn("y", 1, day(1, 4)).reason == "points_in_debt"
    assert transfer("t", 1, day(1, 4)).reason == "points_in_debt"
    earn("c", 50, day(1, 5), active_from=day(1, 6))
    assert look(day(1, 5)).debt == 40
    start_day(day(1, 6))
    assert (look(day(1, 6)).active, look(day(1, 6)).debt) == (10, 0)
    assert burn("y", 10, day(1, 6)).accepted


def test_a_person_decides_what_is_in_review():
    set_terms(shortage="review")
    earn("a", 100, day(1, 1))
    burn("x", 70, day(1, 2))
    claw("a", 100, day(1, 3))
    earn("b", 25, day(1, 4))
    decide = {"customer_id": 1, "asset": VIP, "note": "seen", "actor": 1, "at": day(1, 5), "now": NOW}
    assert services.decide_shortage(amount=30, make_debt=True, key="1", **decide).accepted
    assert services.decide_shortage(amount=30, make_debt=True, key="1", **decide).repeated
    assert (look(day(1, 5)).active, look(day(1, 5)).debt, look(day(1, 5)).in_review) == (0, 5, 40)
    assert services.decide_shortage(amount=40, make_debt=False, key="2", **decide).accepted
    assert services.decide_shortage(amount=1, make_debt=False, key="3", **decide).reason == "points_short"
    assert look(day(1, 5)).in_review == 0


def test_points_that_ended_unspent_are_taken_from_there_and_nothing_is_owed():
    earn("a", 100, day(1, 1), expires_at=JAN)
    burn("x", 30, day(1, 2))
    start_day(JAN)
    claw("a", 100, day(2, 2))
    assert (look(day(2, 2)).receivable, list_balances(["points_breakage:vip"])["points_breakage:vip"]) == (30, 0)


def test_transfers_keep_the_ends_and_pay_a_fee():
    set_terms(may_transfer=True, transfer_fee_bp=1000, transfer_least=10, transfer_most=150)
    two_lots()
    assert transfer("t", 150, day(1, 5)).amount == 150
    assert transfer("t", 150, day(1, 5)).repeated
    theirs = queries.list_lots(2, asset=VIP)
    assert [(lot.remaining, lot.expires_at) for lot in theirs] == [(100, JAN), (50, FEB)]
    assert (look(day(1, 5)).active, list_balances(["points_burned:vip"])["points_burned:vip"]) == (35, 15)
    assert transfer("u", 9, day(1, 5)).reason == "points_transfer_size"
    assert transfer("u", 151, day(1, 5)).reason == "points_transfer_size"
    assert transfer("u", 33, day(1, 5)).reason == "points_short"
    assert transfer("u", 20, day(1, 5), receiver=1).reason == "points_no_transfer"
    with pytest.raises(Conflict):
        transfer("t", 149, day(1, 5))


def test_without_terms_nothing_changes_hands():
    earn("a", 100, day(1, 1))
    assert transfer("t", 10, day(1, 2)).reason == "points_no_transfer"


def test_a_person_corrects_with_a_reason():
    def adjust(amount: int, key: str, note: str = "wrong order") -> str:
        asked = PointsAdjustment(key, 1, amount, day(1, 1), note, 1, VIP)
        return services.adjust_points(adjustments=[asked], now=NOW)[0].reason

    assert adjust(50, "1") == "" == adjust(50, "1")
    assert adjust(-20, "2") == "" == adjust(-20, "2")
    assert adjust(-31, "3") == "points_short"
    assert look(day(1, 2)).active == 30
    with pytest.raises(Invalid):
        adjust(1, "4", note=" ")
    with pytest.raises(Conflict):
        adjust(-21, "2")
    [taken, given] = queries.list_points_history(1, asset=VIP)
    assert (taken.active, given.active) == (-20, 50)
    assert "note" not in taken.memo, "the ledger never forgets, so notes stand beside it"


def test_a_key_counts_once_and_only_for_the_same():
    assert earn("a", 100, day(1, 1)).amount == 100
    assert earn("a", 100, day(1, 2)).repeated
    with pytest.raises(Conflict):
        earn("a", 101, day(1, 1))
    assert burn("x", 60, day(1, 2)).accepted
    assert burn("x", 60, day(1, 2)).repeated
    with pytest.raises(Conflict):
        burn("x", 61, day(1, 2))
    assert look(day(1, 2)).active == 40


@pytest.mark.parametrize("amount", [0, -1, True, 10**13])
def test_nonsense_amounts_move_nothing(amount):
    with pytest.raises(Invalid):
        earn("a", amount, day(1, 1))


def test_lots_are_counted_by_the_month_in_which_they_end():
    two_lots()
    earn("c", 7, day(1, 1))
    burn("cart", 30, day(1, 2), until=day(1, 3))
    found = queries.list_liability(zone="Asia/Shanghai", asset=VIP)
    assert [(each.month, each.amount) for each in found] == [("2026-01", 100), ("2026-02", 100), ("", 7)]


def test_those_who_are_about_to_lose_points_are_found():
    two_lots()
    earn("c", 7, day(1, 1), customer=2, expires_at=FEB)
    [only] = queries.list_expiring_points(at=day(1, 20), until=day(2, 1), asset=VIP)
    assert (only.customer_id, only.amount, only.first_expiry) == (1, 100, JAN)
    both = queries.list_expiring_points(at=day(1, 20), until=day(3, 1), asset=VIP)
    assert [(each.customer_id, each.amount) for each in both] == [(1, 200), (2, 7)]
    assert queries.list_expiring_points(at=day(1, 20), until=day(3, 1), asset=VIP, after=1) == both[1:]


def test_a_history_is_paged_by_entry():
    for number in range(5):
        earn(f"k{number}", 1, day(1, 1 + number))
    first = queries.list_points_history(1, asset=VIP, limit=3)
    rest = queries.list_points_history(1, asset=VIP, before=first[-1].entry_id, limit=3)
    assert [each.at.day for each in [*first, *rest]] == [5, 4, 3, 2, 1]


def issue(budget, number: int) -> None:
    services.grant_pairs(grants=[make_grant(budget, number, ("referrer", make_points()))], now=NOW)
    services.release_due(day=HOLD, now=NOW)


def take_order_back(number: int) -> None:
    services.cancel_or_claw_back(
        qualification=f"order:{number}", refunded_minor=1, order_total_minor=1, at=NOW, now=NOW
    )


def test_a_reward_of_points_is_a_lot_with_its_cause():
    issue(make_budget(funded=2000), 1)
    [lot] = queries.list_lots(1)
    assert (lot.cause, lot.remaining, lot.expires_at) == ("reward:order:1:first_order:referrer", 1000, None)
    assert queries.get_reward(lot.reward_id).state == "issued"


@pytest.mark.parametrize(("shortage", "owed", "owed_minor"), [("debt", "debt", 0), ("review", "in_review", 400)])
def test_a_reward_taken_back_after_it_was_spent_follows_the_terms(shortage, owed, owed_minor):
    services.set_points_terms(asset="POINTS/0", terms=PointsTerms("UTC", shortage=shortage), actor=1, now=day(1, 1))
    budget = make_budget(funded=2000)
    issue(budget, 1)
    services.burn_points(burns=[PointsBurn("spent", 1, 400, NOW)], now=NOW)
    take_order_back(1)
    seen = queries.get_points_balance(1, at=NOW)
    assert (seen.active, getattr(seen, owed)) == (0, 400)
    assert queries.list_rewards(state="clawed_back")[0].owed_minor == owed_minor
    issue(budget, 2)
    assert queries.get_points_balance(1, at=NOW).active == (600 if shortage == "debt" else 1000)


def test_a_reward_whose_points_ended_unspent_is_not_owed():
    services.set_points_terms(asset="POINTS/0", terms=PointsTerms("UTC", "days", 1), actor=1, now=day(1, 1))
    issue(make_budget(funded=2000), 1)
    while services.expire_points(at=NOW + timedelta(days=9), now=NOW):
        pass
    take_order_back(1)
    assert queries.list_rewards(state="clawed_back")[0].owed_minor == 0


def test_a_night_that_was_killed_keeps_its_whole_pieces_and_goes_on(monkeypatch):
    for number in range(6):
        earn(f"k{number}", 10, day(1, 1), customer=number, expires_at=JAN)
    left_to_do, real = [2], ending.post_wide

    def killed(**asked):
        left_to_do[0] -= 1
        real(**asked)
        if left_to_do[0] < 0:
            raise KeyboardInterrupt

    monkeypatch.setattr(ending, "post_wide", killed)
    with pytest.raises(KeyboardInterrupt):
        services.expire_many_points(at=JAN, now=NOW, piece=2)
    assert list_balances(["points_breakage:vip"])["points_breakage:vip"] == 40
    assert queries.prove_lots() == []
    monkeypatch.undo()
    assert services.expire_many_points(at=JAN, now=NOW, piece=2) == 2
    assert list_balances(["points_breakage:vip"])["points_breakage:vip"] == 60
