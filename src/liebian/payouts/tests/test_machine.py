"""Any sequence of acts, answers, silences and contradictions keeps the promises: nobody is paid twice, nothing is lost, the books say
where the money is."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from liebian.core.errors import LiebianError
from liebian.ledger.tests.support import prove_zero
from liebian.payouts import queries, services
from liebian.payouts.models import Payout
from liebian.payouts.rules import is_quiet
from liebian.payouts.services import providers
from liebian.payouts.services.checks import PayoutCheck
from liebian.payouts.tests.desk import CHECKER, MAKER, make_account, owe, payee_of
from liebian.payouts.tests.provider import Provider
from liebian.payouts.tests.wechat_fake import Fake
from liebian.payouts.types import Answer
from liebian.rewards import queries as rewards_seen
from liebian.rewards import services as rewards
from liebian.rewards.types import PolicyView

pytestmark = pytest.mark.django_db(databases="__all__")
ZONE = "America/New_York"
BEFORE_THE_CLOCK_GOES_BACK = datetime(
    2026, 11, 1, 3, 30, tzinfo=UTC
)  # half an hour before midnight, at the end of a month
QUIET = (time(1), time(3))
PEOPLE = st.integers(0, 2)
MODES = ["ok", "ok", "ok", "silent_before", "silent_after", "no", "lie", "busy", "at_once"]
LET_GO = frozenset({"paid", "refunded"})


class Payouts(RuleBasedStateMachine):
    provider = Provider()

    def __init__(self) -> None:
        super().__init__()
        self.block = transaction.atomic()
        self.block.__enter__()
        self.now, self.keys, self.refunded = BEFORE_THE_CLOCK_GOES_BACK, 0, Counter[int]()
        self.contradicted: set[int] = set()

    def teardown(self) -> None:
        try:
            self._settle()
        finally:
            transaction.set_rollback(True)
            self.block.__exit__(None, None, None)

    @initialize(first=st.sampled_from(MODES))
    def begin(self, first: str) -> None:
        type(self).provider = Provider()
        self.account = make_account(Fake(), quiet_from=QUIET[0], quiet_until=QUIET[1], calls_a_minute=6)
        self.budget, self.owed = owe(3)
        for number in range(3):
            self.say_payee(number)
        self.propose([0, 1, 2])
        self.decide(True)
        self.work(first, 1)

    @rule(number=PEOPLE)
    def say_payee(self, number: int) -> None:
        person = self.owed[number].customer_id
        services.set_payee(customer_id=person, adapter="wechat", details=payee_of(person), actor=MAKER, now=self.now)

    @rule(numbers=st.lists(PEOPLE, min_size=1, max_size=3, unique=True))
    def propose(self, numbers: list[int]) -> None:
        self.keys += 1
        ids = [self.owed[number].id for number in numbers]
        for _again in range(2):
            try:
                services.propose_batch(
                    account_id=self.account.id, reward_ids=ids, key=str(self.keys), note="", actor=MAKER, now=self.now
                )
            except LiebianError as error:
                assert error.code == "batch_empty"

    @rule(agree=st.booleans())
    def decide(self, agree: bool) -> None:
        for batch in queries.list_batches(limit=1):
            try:
                services.decide_batch(batch_id=batch.id, agree=agree, note="", actor=CHECKER, now=self.now)
            except LiebianError as error:
                assert error.code == "batch_decided"

    @rule(mode=st.sampled_from(MODES), minutes=st.sampled_from([0, 1, 20, 90, 300, 1500]))
    def work(self, mode: str, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)
        self.provider.mode, before = mode, set(self.provider.bills)
        services.work_payouts(self.now)
        services.work_payouts(self.now)
        if is_quiet(self.now, *QUIET, ZONE):
            assert set(self.provider.bills) == before

    @rule(number=PEOPLE, state=st.sampled_from(["paid", "paid", "failed", "returned"]), tell=st.booleans())
    def end_at_the_provider(self, number: int, state: str, tell: bool) -> None:
        for out_no, bill in self._bills_of(number):
            if bill["state"] == "awaiting":
                bill["state"] = state
                self.provider.ask(out_no)
                if tell:
                    self.tell(-1)

    @rule(which=st.integers(-6, -1))
    def tell(self, which: int) -> None:
        """A message, in time, late or again."""
        if self.provider.told:
            index = max(which, -len(self.provider.told)) % len(self.provider.told)
            assert services.apply_notice(
                account_id=self.account.id, headers={"told": str(index)}, body=b"x", now=self.now
            )

    @rule(number=PEOPLE)
    def give_back_after_yes(self, number: int) -> None:
        """The bank of the recipient sends it back: a no after a yes."""
        for out_no, bill in self._bills_of(number):
            if bill["state"] == "paid" and self._is_paid_here(out_no):
                bill["state"] = "refunded"
                self.provider.told.append((out_no, Answer("returned", amount_minor=bill["net"])))
                self.tell(-1)

    @rule(number=PEOPLE)
    def pay_after_no(self, number: int) -> None:
        for out_no, bill in self._bills_of(number):
            if bill["state"] in ("failed", "returned"):
                bill["state"] = "paid"
                self.contradicted.add(number)
                self.provider.ask(out_no)
                self.tell(-1)

    @rule(number=PEOPLE, part=st.sampled_from([3, 10]))
    def refund(self, number: int, part: int) -> None:
        self.refunded[number] = max(self.refunded[number], part)
        rewards.cancel_or_claw_back(
            qualification=f"order:{number + 1}", refunded_minor=self.refunded[number], order_total_minor=10,
            at=self.now, now=self.now,
        )  # fmt: skip

    @rule(number=PEOPLE)
    def forget(self, number: int) -> None:
        services.forget_payee(
            customer_id=self.owed[number].customer_id, reason="deleted_identity", actor=MAKER, now=self.now
        )

    @rule(number=PEOPLE, name=st.sampled_from(["give_up", "call_back_payout"]))
    def by_hand(self, number: int, name: str) -> None:
        self.provider.mode = "ok"
        for payout in queries.list_payouts(customer_ids=[self.owed[number].customer_id], limit=1):
            more: dict[str, Any] = {"note": ""} if name == "give_up" else {}
            try:
                getattr(services, name)(payout_id=payout.id, actor=CHECKER, now=self.now, **more)
            except LiebianError as error:
                assert error.code in (
                    "payout_not_failed", "payout_not_waiting", "provider_pace", "give_up_nothing",
                )  # fmt: skip

    @rule(mode=st.sampled_from(["never", "always"]))
    def ask_for_two(self, mode: Any) -> None:
        rewards.set_review_policy(policy=PolicyView(mode, "", 0), actor=MAKER, now=self.now)

    @rule(agree=st.booleans())
    def answer_proposals(self, agree: bool) -> None:
        for review in rewards_seen.list_reviews(state="waiting"):
            rewards.decide_review(
                review_id=review.id, agree=agree, note="", actor=MAKER, day=self.now.date(), now=self.now
            )

    @invariant()
    def the_books_balance(self) -> None:
        assert all(proof.holds for proof in prove_zero())
        seen = rewards_seen.get_budget(self.budget.id)
        parts = (seen.available, seen.reserved, seen.payable, seen.paid_out, seen.receivable, seen.written_off)
        assert min(parts) >= 0 and sum(parts) == seen.funded == 3000

    @invariant()
    def nobody_is_paid_twice(self) -> None:
        for number in range(3):
            gone = [bill for _no, bill in self._bills_of(number) if bill["state"] in LET_GO]
            assert len(gone) <= 1 or number in self.contradicted
            assert sum(bill["net"] for bill in gone) <= 1000 or number in self.contradicted

    @invariant()
    def what_is_paid_here_was_paid_there(self) -> None:
        for out_no in Payout.objects.filter(state="paid").values_list("out_no", flat=True):
            assert self.provider.bills[out_no]["state"] in LET_GO

    @invariant()
    def what_was_refunded_is_never_the_customers(self) -> None:
        for number, part in self.refunded.items():
            seen = rewards_seen.get_reward(self.owed[number].id)
            if seen.state in ("issued", "clawed_back", "cancelled"):
                assert seen.clawed_amount == part * 100

    @invariant()
    def payouts_agree_with_rewards(self) -> None:
        told = [each for each in PayoutCheck().compare(self.now).differences if each.subject.startswith("reward:")]
        assert told == []

    def _settle(self) -> None:
        """A provider that answers well brings everything to an end, and both sides to the same sum."""
        for out_no, bill in self.provider.bills.items():
            if bill["state"] == "awaiting":
                bill["state"] = "paid"
                self.provider.ask(out_no)
        for _round in range(12):
            self.now += timedelta(hours=5)
            self.provider.mode = "at_once"
            services.work_payouts(self.now)
        open_ones = Payout.objects.exclude(state__in=("paid", "failed", "cancelled", "returned", "proposed"))
        assert not open_ones.exists()
        found = {each.out_no for each in queries.list_findings(open_only=False)}
        for number in range(3):
            there = {no: bill["net"] for no, bill in self._bills_of(number) if bill["state"] in LET_GO}
            here = Payout.objects.filter(reward_id=self.owed[number].id, state="paid")
            ours = dict(here.values_list("out_no", "net_minor"))
            assert {no: net for no, net in there.items() if no not in ours or ours[no] != net}.keys() <= found
            assert ours.keys() <= there.keys()
        self.the_books_balance()
        self.nobody_is_paid_twice()

    def _bills_of(self, number: int) -> list[tuple[str, dict[str, Any]]]:
        mine = set(Payout.objects.filter(reward_id=self.owed[number].id).values_list("out_no", flat=True))
        return [(out_no, bill) for out_no, bill in self.provider.bills.items() if out_no in mine]

    def _is_paid_here(self, out_no: str) -> bool:
        return Payout.objects.filter(out_no=out_no, state="paid").exists()


LIMITED = settings(max_examples=10, stateful_step_count=15, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.fixture
def walked(monkeypatch, settings):
    settings.TIME_ZONE = ZONE
    monkeypatch.setitem(providers.PROVIDERS, "wechat", lambda _account: Payouts.provider)


@pytest.mark.parametrize("first", sorted(set(MODES)))
@pytest.mark.parametrize("then", ["", "refund", "forget", "propose"])
def test_every_first_answer_comes_to_a_good_end(walked, first, then):
    machine = Payouts()
    try:
        machine.begin(first)
        if then:
            {"refund": lambda: machine.refund(0, 10), "forget": lambda: machine.forget(0)}.get(
                then, lambda: machine.propose([0, 1, 2])
            )()
            machine.decide(True)
    finally:
        machine.teardown()


def test_no_sequence_of_acts_and_answers_pays_twice_or_loses_a_cent(walked):
    run_state_machine_as_test(Payouts, settings=LIMITED)
