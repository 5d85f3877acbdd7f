"""Points at the moment on which something turns: before it is usable, when a silence ends, when they change hands."""

from __future__ import annotations

from datetime import timedelta

import pytest

from liebian.ledger.queries import list_balances
from liebian.ledger.tests.support import prove_zero
from liebian.rewards import queries
from liebian.rewards.models import PointsLot
from liebian.rewards.tests.points_shop import burn, claw, day, earn, left, look, set_terms, start_day, transfer

pytestmark = pytest.mark.django_db(databases="__all__")


@pytest.fixture(autouse=True)
def _everything_adds_up():
    yield
    assert all(proof.holds for proof in prove_zero())
    assert queries.prove_lots() == []


def test_what_is_not_usable_yet_is_taken_back_from_there_and_the_usable_stay():
    earn("now", 100, day(1, 1))
    earn("later", 100, day(1, 1), active_from=day(2, 1))
    claw("later", 40, day(1, 2))
    assert (look(day(1, 2)).active, look(day(1, 2)).pending) == (100, 60)
    codes = ["points:1:vip", "points_pending:1:vip"]
    assert list_balances(codes) == dict(zip(codes, (100, 60), strict=True))


def test_what_begins_when_a_silence_ends_does_not_end_with_it():
    set_terms(expiry="inactivity", expiry_count=30)
    end = day(3, 31, 16)
    earn("old", 10, day(3, 1))
    earn("new", 20, day(3, 1), active_from=end)
    start_day(end)
    assert (look(end).active, left()) == (20, [(10, 0), (20, 20)])


def test_nothing_is_usable_or_counts_its_days_from_before_it_was_earned():
    set_terms(expiry="days", expiry_count=1)
    earn("a", 10, day(3, 5), active_from=day(3, 1))
    [lot] = PointsLot.objects.all()
    assert (lot.active_from, lot.expires_at, lot.state) == (day(3, 5), day(3, 6, 16), "active")
    assert burn("x", 10, day(3, 6, 15)).accepted


def test_what_somebody_is_given_pays_first_what_they_owe():
    set_terms(shortage="debt", may_transfer=True)
    earn("theirs", 30, day(1, 1), customer=2)
    burn("x", 30, day(1, 2), customer=2)
    claw("theirs", 30, day(1, 3))
    earn("mine", 100, day(1, 3))
    transfer("gift", 50, day(1, 4))
    assert (look(day(1, 4), 2).debt, look(day(1, 4), 2).active) == (0, 20)
    assert look(day(1, 4) + timedelta(hours=1)).active == 50
