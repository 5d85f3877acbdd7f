"""A provider is called no more often than it allows, over all rounds and workers, and nothing is lost by waiting."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liebian.core.errors import LiebianError
from liebian.ledger.tests.support import run_threads
from liebian.payouts import services
from liebian.payouts.models import Account, Payout
from liebian.payouts.rules import take_calls
from liebian.payouts.services.pacing import claim_calls
from liebian.payouts.tests.desk import CHECKER, approve, give_payees, make_account, owe, states, where
from liebian.rewards.tests.factories import NOW

DB = pytest.mark.django_db(databases="__all__")


@given(
    steps=st.lists(st.tuples(st.integers(-5, 40), st.integers(1, 3)), max_size=40),
    most=st.integers(2, 6),
)
def test_no_sixty_seconds_hold_more_and_none_with_room_is_refused(steps, most):
    second, calls, made, clock = 1000, [], [], 1000
    for wait, n in steps:
        second += wait
        now = max(clock, second)  # a clock that goes back is held by the last call that was made
        before = sum(count for at, count in made if at > now - 60)
        taken = take_calls(calls, second, most, n)
        assert (taken is not None) == (before + n <= most)
        if taken is not None:
            calls = taken
            made.append((calls[-1][0], n))
            clock = calls[-1][0]
    for start, _n in made:
        assert sum(count for at, count in made if start <= at < start + 60) <= most


@DB
def test_rounds_send_as_many_as_a_minute_allows(wechat):
    budget, owed = owe(7)
    give_payees(owed)
    wechat.first_state = "SUCCESS"
    approve(make_account(wechat, calls_a_minute=3), owed)
    sent = []
    for seconds in (0, 1, 59, 60, 61, 119, 120, 180):
        services.work_payouts(NOW + timedelta(seconds=seconds))
        sent.append(len(wechat.bills))
    assert sent == [3, 3, 3, 6, 6, 6, 7, 7]
    assert states() == ["paid"] * 7 and where(budget) == (0, 0, 7000)


@DB
def test_another_account_has_a_pace_of_its_own(wechat):
    _budget, owed = owe(4)
    give_payees(owed)
    for number, name in enumerate(("One", "Two")):
        account = make_account(wechat, name=name, calls_a_minute=2)
        approve(account, owed[2 * number : 2 * number + 2], key=name)
    services.send_ready(now=NOW)
    assert len(wechat.bills) == 4


@DB
def test_a_no_that_cannot_be_checked_now_is_asked_about_later(wechat):
    wechat.after = lambda body: (400, {"code": "PARAM_ERROR", "message": "no"})
    _budget, owed = owe(2)
    give_payees(owed)
    approve(make_account(wechat, calls_a_minute=3), owed)
    services.work_payouts(NOW)
    assert states() == ["awaiting", "sending"], "the second was taken too, and nobody knows it yet"
    wechat.after = lambda body: None
    services.work_payouts(NOW + timedelta(minutes=5))
    assert states() == ["awaiting", "awaiting"] and max(wechat.n_sent.values()) == 1


@DB
def test_a_person_who_calls_back_keeps_the_pace_too(wechat):
    _budget, owed = owe()
    give_payees(owed)
    approve(make_account(wechat, calls_a_minute=2), owed)
    services.work_payouts(NOW)
    payout = Payout.objects.get()
    with pytest.raises(LiebianError) as refused:
        services.call_back_payout(payout_id=payout.pk, actor=CHECKER, now=NOW)
    assert refused.value.code == "provider_pace"
    services.call_back_payout(payout_id=payout.pk, actor=CHECKER, now=NOW + timedelta(seconds=60))
    assert states() == ["returned"]


@pytest.mark.django_db(transaction=True, databases="__all__")
def test_workers_together_keep_the_pace(wechat):
    make_account(wechat, calls_a_minute=5)
    account = Account.objects.get()
    taken = []

    def work(_number: int) -> None:
        taken.extend(claim_calls(account, now=NOW) for _ in range(4))

    run_threads(work, range(4))
    assert taken.count(True) == 5
