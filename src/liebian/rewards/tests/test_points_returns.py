"""What comes back of a burn or a reservation: in parts, to which lots, with which ends, and what is written about it."""

from __future__ import annotations

import pytest

from liebian.core.errors import Invalid
from liebian.ledger.queries import list_balances, list_entries
from liebian.ledger.tests.support import prove_zero
from liebian.rewards import queries, services
from liebian.rewards.models import PointsLot, PointsUse, PointsUseLot, PointsWallet
from liebian.rewards.tests.points_shop import VIP, burn, claw, day, earn, left, look, restore, set_terms, start_day
from liebian.rewards.types import PointsRestore

pytestmark = pytest.mark.django_db(databases="__all__")
JAN, FEB = day(1, 31, 16), day(2, 28, 16)


@pytest.fixture(autouse=True)
def _two_lots():
    set_terms(late_restore="grace", grace_days=7)
    earn("a", 100, day(1, 1), expires_at=JAN)
    earn("b", 100, day(1, 2), expires_at=FEB)
    yield
    assert all(proof.holds for proof in prove_zero())
    assert queries.prove_lots() == []


def use_of(key: str) -> tuple[str, int, int, int]:
    use = PointsUse.objects.get(key=f"burn:{key}")
    return use.state, use.asked, use.amount, use.restored


def lines_of(key: str) -> list[tuple[int, int]]:
    return list(PointsUseLot.objects.filter(use__key=f"burn:{key}").order_by("id").values_list("amount", "restored"))


def reserved() -> list[int]:
    return list(PointsLot.objects.order_by("id").values_list("reserved", flat=True))


def test_parts_add_up_on_the_use_and_on_each_of_its_lots():
    burn("x", 150, day(1, 5))
    for total, lots, lines in (
        (30, [(100, 0), (100, 80)], [(100, 0), (50, 30)]),
        (90, [(100, 40), (100, 100)], [(100, 40), (50, 50)]),
        (120, [(100, 70), (100, 100)], [(100, 70), (50, 50)]),
    ):
        assert restore("x", total, day(1, 6)).amount == total
        assert (left(), lines_of("x"), use_of("x")) == (lots, lines, ("used", 150, 150, total))
    less = restore("x", 50, day(1, 7))
    assert (less.amount, less.repeated, use_of("x")[3]) == (120, True, 120)
    assert look(day(1, 7)).active == 170


def test_each_part_is_an_entry_of_its_own_with_its_cause_and_its_time():
    burn("x", 150, day(1, 5))
    restore("x", 30, day(1, 6))
    restore("x", 90, day(1, 7))
    told = [
        (entry.key, entry.subject, entry.memo, entry.effective_at)
        for entry in list_entries(kind="points_restore").entries
    ]
    assert told == [
        ("points:burn:x:restored:90", "order:x", {"customer": 1}, day(1, 7)),
        ("points:burn:x:restored:30", "order:x", {"customer": 1}, day(1, 6)),
    ]


def test_of_what_was_set_aside_the_rest_comes_back_and_only_the_used_part_can_return():
    burn("x", 150, day(1, 5), until=day(1, 6))
    assert (reserved(), left()) == ([100, 50], [(100, 0), (100, 50)])
    assert restore("x", 10, day(1, 5)).reason == "points_not_used"
    services.use_reserved(amounts={"x": 70}, at=day(1, 5), now=day(1, 5))
    assert (reserved(), left()) == ([0, 0], [(100, 30), (100, 100)])
    assert (use_of("x"), lines_of("x")) == (("used", 150, 70, 0), [(70, 0), (0, 0)])
    assert restore("x", 150, day(1, 8)).amount == 70
    assert left() == [(100, 100), (100, 100)]


def test_what_is_let_go_is_free_in_every_lot():
    burn("x", 150, day(1, 5), until=day(1, 6))
    services.release_reserved(keys=["x"], at=day(1, 5), now=day(1, 5))
    assert (reserved(), left(), use_of("x")) == ([0, 0], [(100, 100), (100, 100)], ("released", 150, 0, 0))
    assert burn("y", 200, day(1, 6)).accepted


def test_what_ended_meanwhile_comes_back_as_new_points_of_some_days_for_each_part():
    burn("x", 150, day(1, 5))
    burn("y", 50, day(1, 5))
    start_day(JAN)
    restore("x", 150, JAN)
    restore("y", 20, FEB)
    restore("y", 50, FEB)
    graces = PointsLot.objects.filter(cause__startswith="grace:").order_by("id")
    assert [(lot.amount, lot.active_from, lot.expires_at, lot.earned_at, lot.expiry) for lot in graces] == [
        (100, JAN, day(2, 8, 16), day(1, 1), "never"),
        (20, FEB, day(3, 8, 16), day(1, 2), "never"),
        (30, FEB, day(3, 8, 16), day(1, 2), "never"),
    ]
    a, b = PointsLot.objects.order_by("id")[:2]
    assert [lot.trace for lot in graces] == [
        {"restored_from": a.pk, "use": "burn:x"},
        {"restored_from": b.pk, "use": "burn:y"},
        {"restored_from": b.pk, "use": "burn:y"},
    ]
    assert look(FEB).active == 50 and left()[:2] == [(100, 0), (100, 50)]


def test_grace_keeps_how_the_points_were_to_end():
    set_terms(late_restore="grace", grace_days=7, expiry="days", expiry_count=5)
    earn("c", 10, day(1, 1))
    burn("x", 10, day(1, 2))
    restore("x", 10, day(1, 20))
    assert PointsLot.objects.get(cause__startswith="grace:").expiry == "days"


def test_what_stays_lost_stands_with_its_lot_and_with_what_nobody_used():
    set_terms(late_restore="expired")
    burn("x", 150, day(1, 5))
    start_day(JAN)
    restore("x", 150, JAN)
    assert list(PointsLot.objects.order_by("id").values_list("remaining", "expired")) == [(0, 100), (100, 0)]
    assert list_balances(["points_breakage:vip"])["points_breakage:vip"] == 100


def test_what_comes_back_pays_what_is_owed_first():
    set_terms(shortage="debt")
    burn("x", 200, day(1, 5))
    claw("a", 60, day(1, 6))
    assert look(day(1, 6)).debt == 60
    restore("x", 100, day(1, 7))
    assert (look(day(1, 7)).debt, look(day(1, 7)).active) == (0, 40)


@pytest.mark.parametrize("amount", [0, -1])
def test_an_amount_that_makes_no_sense_is_refused(amount):
    burn("x", 150, day(1, 5))
    with pytest.raises(Invalid):
        restore("x", amount, day(1, 6))
    assert use_of("x")[3] == 0


def test_without_an_end_of_silence_no_wallet_is_kept_for_what_comes_back():
    burn("x", 150, day(1, 5))
    start_day(JAN)
    restore("x", 150, JAN)
    assert look(JAN).active == 200 and not PointsWallet.objects.filter(asset=VIP).exists()


def test_what_was_set_aside_is_no_longer_once_all_of_it_is_used():
    burn("x", 150, day(1, 5), until=day(1, 6))
    services.use_reserved(amounts={"x": None}, at=day(1, 5), now=day(1, 5))
    assert (reserved(), use_of("x")) == ([0, 0], ("used", 150, 150, 0))


def test_points_without_an_end_come_back_to_their_lot():
    earn("c", 10, day(1, 3))
    burn("x", 210, day(1, 5))
    restore("x", 10, FEB)
    assert left() == [(100, 0), (100, 0), (10, 10)]


def test_what_came_back_in_time_and_is_told_late_is_active_until_the_next_night():
    burn("x", 50, day(1, 5))
    start_day(JAN)
    restore("x", 50, day(1, 20))
    assert PointsLot.objects.get(cause="earn:a").state == "active"
    start_day(JAN)
    assert PointsLot.objects.values_list("state", "remaining", "expired").get(cause="earn:a") == ("expired", 0, 100)


def test_two_burns_of_one_lot_that_ended_come_back_each_on_its_own():
    burn("x", 20, day(1, 5))
    burn("y", 20, day(1, 5))
    for key in ("x", "y"):
        assert restore(key, 20, JAN).amount == 20
    assert PointsLot.objects.filter(cause__startswith="grace:").count() == 2


def test_the_time_of_what_happened_counts_and_not_that_of_the_call():
    burn("x", 100, day(1, 5))
    services.restore_points(restores=[PointsRestore("x", 30, day(1, 6))], now=FEB)
    [entry] = list_entries(kind="points_restore").entries
    assert (entry.effective_at, left()) == (day(1, 6), [(100, 30), (100, 100)])


def test_what_comes_back_after_a_silence_that_was_too_long_has_ended_like_the_rest():
    set_terms(expiry="inactivity", expiry_count=30)
    earn("c", 50, day(3, 1), customer=2)
    burn("x", 50, day(3, 1), customer=2)
    start_day(day(5, 1))
    restore("x", 50, day(5, 2))
    assert (look(day(5, 2), 2).active, left(2)) == (0, [(50, 0)])
    assert list_balances(["points_breakage:vip"])["points_breakage:vip"] == 50 + 200


def test_what_comes_back_with_days_of_grace_lasts_them_also_after_a_silence():
    set_terms(expiry="inactivity", expiry_count=2, late_restore="grace", grace_days=10)
    earn("c", 50, day(3, 1), customer=2)
    burn("x", 50, day(3, 1), customer=2)
    start_day(day(4, 1))
    restore("x", 50, day(4, 1))
    earn("d", 5, day(4, 2), customer=2)
    start_day(day(4, 9))
    assert look(day(4, 9), 2).active == 55
    start_day(day(4, 20))
    assert look(day(4, 20), 2).active == 0


def test_what_was_earned_after_a_silence_comes_back_after_it():
    set_terms(expiry="inactivity", expiry_count=30)
    earn("c", 50, day(3, 1), customer=2)
    start_day(day(5, 1))
    earn("d", 20, day(5, 2), customer=2)
    burn("x", 20, day(5, 3), customer=2)
    restore("x", 20, day(5, 4))
    assert (look(day(5, 4), 2).active, left(2)) == (20, [(50, 0), (20, 20)])


def test_what_nobody_used_comes_back_as_of_its_own_end_and_not_of_the_night():
    burn("x", 150, day(1, 5), until=day(1, 6))
    start_day(JAN)
    assert not PointsLot.objects.filter(cause__startswith="grace:").exists()
    assert list(PointsLot.objects.order_by("id").values_list("remaining", "expired")) == [(0, 100), (100, 0)]
