"""The worker is killed, without a word, again and again while rewards are released, approved and paid: nobody is paid twice, nobody is
forgotten, and the books balance."""

from __future__ import annotations

import os
import random
import signal
import time
from collections import Counter
from datetime import timedelta

import pytest
from django.db import Error, connections

from liebian.ledger.tests.support import prove_zero
from liebian.payouts import queries, services
from liebian.payouts.tests.desk import (
    CHECKER,
    MAKER,
    give_payees,
    make_account,
    make_cash,
    make_people,
    reward_state,
    states,
    where,
)
from liebian.payouts.tests.wechat_fake import Fake
from liebian.rewards import services as rewards
from liebian.rewards.tests.factories import HOLD, NOW, make_budget, make_grant

N_REWARDS, N_KILLS = 60, 100


@pytest.mark.django_db(transaction=True, databases="__all__")
def test_killed_at_a_hundred_points_everybody_is_paid_once(wechat: Fake) -> None:
    draw = random.Random(20260601)
    wechat.first_state = "SUCCESS"
    wechat.after = lambda body: (0, {}) if draw.random() < 0.2 else None
    account, offer = make_account(wechat), make_cash()
    budget = make_budget(funded=N_REWARDS * offer.cost_minor)
    grants = [make_grant(budget, number, ("referee", offer)) for number in range(1, N_REWARDS + 1)]
    owed = [each.reward for each in rewards.grant_pairs(grants=grants, now=NOW)]
    make_people([each.customer_id for each in owed])
    give_payees(owed)
    n_killed = n_tried = 0
    while n_killed < N_KILLS:
        assert n_tried < 5 * N_KILLS, "too few of them were killed while they worked"
        n_killed += _run_and_kill(account.id, n_tried, draw.uniform(0.002, 0.06))
        n_tried += 1
    wechat.after = lambda body: None
    for number in range(50 * n_tried, 50 * n_tried + 40):
        _work(account.id, number)
    assert set(states()) <= {"paid", "cancelled"} and states().count("paid") == N_REWARDS
    assert {reward_state(each)[0] for each in owed} == {"issued"}
    paid = Counter(bill["openid"] for bill in wechat.bills.values())
    assert len(paid) == N_REWARDS and set(paid.values()) == {1}
    assert where(budget) == (0, 0, N_REWARDS * 1000) and wechat.paid_minor() == N_REWARDS * 1000
    assert all(proof.holds for proof in prove_zero()) and queries.count_open_findings() == 0


def _run_and_kill(account_id: int, number: int, seconds: float) -> bool:
    """A child with connections of its own; whether it was still at work when it was killed."""
    _let_go()
    child = os.fork()
    if child == 0:
        try:
            for step in range(50):
                _work(account_id, number * 50 + step, few=True)
        except Error:
            pass
        finally:
            os._exit(0)
    time.sleep(seconds)
    os.kill(child, signal.SIGKILL)
    _pid, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status)


def _let_go() -> None:
    """A child must not share a connection with its parent, nor the parent's pool."""
    for each in connections.all(initialized_only=True):
        each.close()
        if hasattr(each, "close_pool"):
            each.close_pool()


def _work(account_id: int, number: int, *, few: bool = False) -> None:
    now = NOW + timedelta(minutes=5 * number)
    rewards.release_due(day=HOLD, now=now, limit=3 if few else 500)
    waiting = [each.reward_id for each in queries.list_waiting(account_id=account_id, now=now) if not each.problem]
    if waiting:
        services.propose_batch(
            account_id=account_id,
            reward_ids=waiting[: 4 if few else 500],
            key=f"batch-{number}",
            note="",
            actor=MAKER,
            now=now,
        )
    for batch in queries.list_batches():
        if batch.state == "proposed":
            services.decide_batch(batch_id=batch.id, agree=True, note="", actor=CHECKER, now=now)
    services.work_payouts(now)
