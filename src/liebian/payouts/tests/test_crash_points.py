"""Whoever pays dies before and after every commit and every call to the provider, and starts again: all ends as if nobody had died."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from liebian.core.errors import LiebianError
from liebian.core.tests.dying import Life, die_everywhere
from liebian.ledger.tests.support import prove_zero
from liebian.payouts import queries, services
from liebian.payouts.models import Payout
from liebian.payouts.services import providers
from liebian.payouts.services.checks import PayoutCheck
from liebian.payouts.tests.desk import CHECKER, MAKER, give_payees, make_account, make_cash, make_people, where
from liebian.payouts.tests.provider import Provider
from liebian.payouts.tests.wechat_fake import Fake
from liebian.payouts.types import Transfer
from liebian.rewards import queries as rewards_seen
from liebian.rewards import services as rewards
from liebian.rewards.tests.factories import HOLD, NOW, make_budget, make_grant

pytestmark = pytest.mark.django_db(databases="__all__")
TO_CONFIRM = NOW + timedelta(hours=1)
ENDS = ("failed", "returned", "called_back", "silent", "noticed", "refunded")


class Mortal(Provider):
    """The process may die just before a call, or when the provider has taken it and nobody has heard the answer."""

    life = Life()

    def send(self, transfer: Transfer) -> Any:
        return self._between(lambda: super(Mortal, self).send(transfer))

    def ask(self, out_no: str) -> Any:
        return self._between(lambda: super(Mortal, self).ask(out_no))

    def cancel(self, out_no: str) -> Any:
        return self._between(lambda: super(Mortal, self).cancel(out_no))

    def _between(self, call: Callable[[], Any]) -> Any:
        self.life.point()
        answer = call()
        self.life.point()
        return answer


class Shop:
    """One reward of money from its promise to its end. Everything is asked for anew in each life, as jobs and people do."""

    def __init__(self, end: str) -> None:
        self.end, self.provider = end, Mortal()
        self.account, self.offer, self.budget = make_account(Fake()), make_cash(), make_budget(funded=3000)

    def live_from_the_promise(self, life: Life) -> Any:
        if not rewards_seen.list_rewards(qualifications=["order:1"]):
            self.provider.bills.clear()
        self.approve()
        return self.live_from_the_approval(life)

    def live_from_the_approval(self, life: Life) -> Any:
        if not Payout.objects.exclude(state="ready").exists():
            self.provider.bills.clear()
            self.provider.told.clear()
        self.provider.life = life
        self.provider.mode = "silent_after" if self.end == "silent" else "ok"
        self._work(NOW)
        self._end()
        return self._told()

    def approve(self) -> None:
        rewards.grant_pairs(grants=[make_grant(self.budget, 1, ("referee", self.offer))], now=NOW)
        [reward] = rewards_seen.list_rewards(qualifications=["order:1"])
        make_people([reward.customer_id])
        give_payees([reward])
        while rewards.release_due(day=HOLD, now=NOW):
            pass
        for each in queries.list_waiting(account_id=self.account.id, now=NOW):
            services.propose_batch(
                account_id=self.account.id, reward_ids=[each.reward_id], key="one", note="", actor=MAKER, now=NOW
            )
        for batch in queries.list_batches():
            if batch.state == "proposed":
                services.decide_batch(batch_id=batch.id, agree=True, note="", actor=CHECKER, now=NOW)

    def _end(self) -> None:
        {"called_back": self._call_back, "noticed": self._notice, "refunded": self._refund}.get(
            self.end, self._confirm
        )()
        for hour in (2, 4):
            self._work(NOW + timedelta(hours=hour))

    def _work(self, start: datetime) -> None:
        for minutes in (0, 5):
            services.work_payouts(start + timedelta(minutes=minutes))

    def _confirm(self) -> None:
        for bill in self.provider.bills.values():
            bill["state"] = self.end if self.end in ("failed", "returned") else "paid"

    def _notice(self) -> None:
        self._confirm()
        [out_no] = self.provider.bills
        self.provider.told.append((out_no, Provider.ask(self.provider, out_no)))
        services.apply_notice(account_id=self.account.id, headers={"told": "-1"}, body=b"", now=TO_CONFIRM)

    def _call_back(self) -> None:
        payout = Payout.objects.order_by("-id")[0]
        try:
            services.call_back_payout(payout_id=payout.pk, actor=CHECKER, now=TO_CONFIRM)
        except LiebianError as error:
            assert error.code == "payout_not_waiting"

    def _refund(self) -> None:
        rewards.cancel_or_claw_back(
            qualification="order:1", refunded_minor=10, order_total_minor=10, at=TO_CONFIRM, now=TO_CONFIRM
        )
        self._confirm()

    def _told(self) -> Any:
        """What of it has to be the same, whenever somebody died."""
        assert all(proof.holds for proof in prove_zero())
        assert PayoutCheck().compare(NOW).differences == ()
        [reward] = rewards_seen.list_rewards(qualifications=["order:1"])
        payouts = list(Payout.objects.order_by("id").values_list("state", "reason", "net_minor"))
        bills = [(bill["state"], bill["net"]) for bill in self.provider.bills.values()]
        return reward.state, reward.reason, reward.owed_minor, where(self.budget), payouts, bills


@pytest.fixture
def shop(monkeypatch, request) -> Shop:
    shop = Shop(getattr(request, "param", "paid"))
    monkeypatch.setitem(providers.PROVIDERS, "wechat", lambda _account: shop.provider)
    return shop


def test_from_the_promise_on_nothing_is_lost_or_paid_twice(shop):
    assert die_everywhere(shop.live_from_the_promise) > 20


@pytest.mark.parametrize("shop", ENDS, indirect=True)
def test_every_end_is_reached_once_sent(shop):
    shop.approve()
    assert die_everywhere(shop.live_from_the_approval) > 10
