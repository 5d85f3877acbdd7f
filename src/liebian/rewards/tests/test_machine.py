"""Any sequence of acts keeps the promises: sums zero, nothing negative, never more than funded, claw-back ≤ granted.

The clock goes on between them, across ends of months and the nights in which clocks change, and sometimes back. Points are spent and come
back, are passed on, and whoever has them turns out to be the one who gave them. People approve, hold, reject and take back, and what
they do not decide in time ends.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from liebian.core.days import day_of
from liebian.core.errors import LiebianError
from liebian.customers.types import Merge
from liebian.ledger import queries as ledger
from liebian.ledger import services as ledger_services
from liebian.ledger.tests.support import list_unbalanced_entries, prove_zero
from liebian.rewards import queries, services
from liebian.rewards.tests.factories import NOW, make_budget, make_coupon, make_grant
from liebian.rewards.types import (
    POINTS,
    RESERVED,
    Act,
    Approval,
    CouponUse,
    Deadlines,
    GrantRequest,
    OfferDraft,
    PointsBurn,
    PointsRestore,
    PointsTerms,
    PointsTransfer,
)

pytestmark = pytest.mark.django_db(databases="__all__")
NUMBERS = st.integers(0, 2)
FRIEND = 50
REASONS: dict[Act, str] = {
    "approve": "checked", "hold": "risk_held", "reject": "risk_rejected", "claw_back": "self_referral",
}  # fmt: skip
HELD, VALID = timedelta(days=7), 30
STARTS = [
    datetime(2026, 3, 1, 5, tzinfo=UTC),  # held until the day on which New York goes to summer time
    datetime(2026, 10, 25, 3, tzinfo=UTC),  # Berlin goes back that day, New York when the hold is over
    datetime(2028, 2, 22, 16, tzinfo=UTC),  # held until the 29th of February
]


class Money(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.block = transaction.atomic()
        self.block.__enter__()
        self.refunded = dict.fromkeys(range(6), 0)
        self.asked: dict[int, GrantRequest] = {}
        self.spent = 0
        self.burns: dict[str, int] = {}
        self.n_passed_on = self.n_acts = 0
        self.is_merged = False

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.block.__exit__(None, None, None)

    @initialize(
        funded=st.sampled_from([500, 2000, 6000]),
        points=st.integers(1, 200),
        cost=st.integers(200, 500),
        begun=st.sampled_from(["", "granted", "released"]),
        start=st.sampled_from(STARTS),
        approval=st.sampled_from(["rule", "person"]),
        decide_days=st.sampled_from([0, 3]),
        terms=st.builds(
            PointsTerms,
            st.sampled_from(["Asia/Shanghai", "America/New_York", "Europe/Berlin"]),
            st.sampled_from(["never", "days", "month_end"]),
            st.integers(1, 9),
            may_transfer=st.just(True),
        ),
    )
    def begin(
        self,
        funded: int,
        points: int,
        cost: int,
        begun: str,
        start: datetime,
        approval: Approval,
        decide_days: int,
        terms: PointsTerms,
    ) -> None:
        services.set_points_terms(asset=POINTS, terms=terms, actor=1, now=start - timedelta(days=1))
        services.set_deadlines(deadlines=Deadlines(decide_days), actor=1, now=start)
        self.now, self.zone = start, terms.zone
        self.budget = make_budget(funded)
        draft = OfferDraft("points", "points", "CNY", cost, points=points, approval=approval)
        self.points, self.coupon = services.create_offer(draft=draft, now=NOW), make_coupon(cost=cost, days=VALID)
        if begun:
            self.grant([0, 1, 2], True)
        if begun == "released":
            self.wait(24 * 7)

    @rule(numbers=st.lists(NUMBERS, min_size=1, max_size=3), both=st.booleans())
    def grant(self, numbers: list[int], both: bool) -> None:
        sides = (("referrer", self.points), ("referee", self.coupon))
        for number in numbers:
            grant = make_grant(self.budget, number, *sides, both=both)
            first = self.asked.setdefault(number, replace(grant, at=self.now, hold_until=self.day + HELD))
            self.asked[number] = replace(first, both_or_none=both)
        services.grant_pairs(grants=[self.asked[number] for number in numbers], now=self.now)

    @property
    def day(self) -> date:
        return day_of(self.now, self.zone)

    @rule(limit=st.integers(1, 4))
    def release(self, limit: int) -> None:
        services.release_due(day=self.day, now=self.now, limit=limit)

    @rule(hours=st.sampled_from([-25, -1, 1, 7, 23, 25, 24 * 7, 24 * 31]))
    def wait(self, hours: int) -> None:
        """A day begins as the stage lets it begin, unless it is the same day."""
        before, self.now = self.day, self.now + timedelta(hours=hours)
        if self.day == before:
            return
        for act in (services.release_due, services.expire_coupons):
            while act(day=self.day, now=self.now):
                pass
        while services.expire_points(at=self.now, now=self.now):
            pass
        while services.end_undecided(now=self.now, limit=2):
            pass
        rewards = queries.list_rewards(programme_id=9, limit=100)
        due = [each for each in rewards if each.state in ("held", "approved") and each.hold_until <= self.day]
        assert all(each.is_on_hold for each in due)
        assert all(lot.expires_at is None or lot.expires_at > self.now for lot in queries.list_lots(1))
        assert queries.points_balance(1) == queries.get_points_balance(1, at=self.now).active

    @rule(number=NUMBERS, part=st.sampled_from([1, 33, 50, 99, 120]), spend_first=st.sampled_from([0, 50, 100]))
    def refund(self, number: int, part: int, spend_first: int) -> None:
        self.spend_points(queries.get_points_balance(1, at=self.now).active * spend_first // 100)
        self.refunded[number] += part
        services.cancel_or_claw_back(
            qualification=f"order:{number}",
            refunded_minor=self.refunded[number],
            order_total_minor=100,
            at=self.now,
            now=self.now,
        )

    @rule(act=st.sampled_from(sorted(REASONS)), number=NUMBERS)
    def decide(self, act: Act, number: int) -> None:
        ids = [each.id for each in queries.list_rewards(qualifications=[f"order:{number}"])]
        if not queries.preview_review(act, ids).n_fitting:
            return
        self.n_acts += 1
        review = services.propose_review(
            act=act,
            reward_ids=ids,
            reason=REASONS[act],
            note="",
            key=f"act:{self.n_acts}",
            actor=1,
            day=self.day,
            now=self.now,
        )
        assert review.state == "done"

    def spend_points(self, amount: int) -> None:
        if amount:
            key = f"spend:{len(self.burns)}"
            [outcome] = services.burn_points(burns=[PointsBurn(key, 1, amount, self.now)], now=self.now)
            assert outcome.accepted
            self.spent += amount
            self.burns[key] = 0

    @precondition(lambda self: self.burns)
    @rule(data=st.data(), total=st.integers(1, 150))
    def return_spending(self, data: st.DataObject, total: int) -> None:
        key = data.draw(st.sampled_from(sorted(self.burns)))
        [outcome] = services.restore_points(restores=[PointsRestore(key, total, self.now)], now=self.now)
        self.spent -= outcome.amount - self.burns[key]
        self.burns[key] = outcome.amount

    @rule(percent=st.sampled_from([10, 100]))
    def pass_on(self, percent: int) -> None:
        amount = queries.get_points_balance(1, at=self.now).active * percent // 100
        if not amount:
            return
        self.n_passed_on += 1
        asked = PointsTransfer(f"gift:{self.n_passed_on}", 1, FRIEND, amount, self.now)
        [outcome] = services.transfer_points(transfers=[asked], now=self.now)
        assert outcome.reason == ("points_no_transfer" if self.is_merged else "")

    @rule()
    def find_out_that_the_friend_is_the_same_person(self) -> None:
        merged = services.merge_points(merges=[Merge(FRIEND, FRIEND, 1)], at=self.now, now=self.now)
        assert merged == (0 if self.is_merged else 1)
        self.is_merged = True
        assert queries.points_balance(FRIEND) == 0

    @rule(number=NUMBERS)
    def use_coupon(self, number: int) -> None:
        for coupon in queries.list_coupons(1000 + number):
            services.redeem_coupons(uses=[CouponUse(coupon.code, 1000 + number, "x", self.day, self.now)], now=self.now)

    @rule(amount=st.integers(1, 500), key=st.sampled_from("abc"))
    def fund(self, amount: int, key: str) -> None:
        try:
            services.fund_budget(
                budget_id=self.budget.id, amount_minor=amount, idempotency_key=key, actor=None, now=NOW
            )
        except LiebianError as error:
            assert error.code == "idempotency_mismatch"

    @rule()
    def reverse_last_funding(self) -> None:
        entry = ledger.list_entries(kind="fund", limit=1).entries[0]
        try:
            ledger_services.reverse(entry_id=entry.id, key=f"undo:{entry.id}", now=NOW)
        except LiebianError as error:
            assert error.code == "insufficient_funds"

    @invariant()
    def everything_adds_up(self) -> None:
        assert all(proof.holds for proof in prove_zero())
        assert list_unbalanced_entries() == []
        assert queries.prove_lots() == []
        seen = queries.get_budget(self.budget.id)
        parts = (seen.available, seen.reserved, seen.paid_out, seen.receivable, seen.written_off)
        assert min(parts) >= 0
        assert sum(parts) == seen.funded

    @invariant()
    def rewards_agree_with_the_ledger(self) -> None:
        rewards = queries.list_rewards(programme_id=9, limit=100)
        seen = queries.get_budget(self.budget.id)
        assert sum(r.kept_minor for r in rewards if r.state in RESERVED) == seen.reserved
        assert sum(r.kept_minor for r in rewards if r.state in ("issued", "redeemed", "clawed_back")) == seen.paid_out
        assert sum(r.owed_minor for r in rewards) == seen.receivable
        assert all(0 <= r.clawed_amount <= r.amount and 0 <= r.clawed_minor <= r.cost_minor for r in rewards)
        in_hand = sum(r.kept_amount for r in rewards if r.role == "referrer" and r.state == "issued")
        ended = ledger.list_balances(["points_breakage"])["points_breakage"]
        missing = queries.points_balance(1) + queries.points_balance(FRIEND) + self.spent + ended - in_hand
        owed = [r for r in rewards if r.owed_minor]
        assert missing >= 0
        assert bool(owed) <= bool(missing)
        if missing and self.points.cost_minor >= self.points.points:
            assert owed


def test_no_sequence_of_acts_loses_or_makes_money():
    run_state_machine_as_test(
        Money,
        settings=settings(
            max_examples=20, stateful_step_count=15, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
