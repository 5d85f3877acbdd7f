"""Any sequence of acts on gifts and privileges keeps the promises: every unit is somewhere, every cent too, and they agree."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from liebian.core.errors import LiebianError
from liebian.ledger.tests.support import prove_zero
from liebian.rewards import queries, services
from liebian.rewards.services.checks.budgets import BudgetCheck
from liebian.rewards.services.checks.limits import LimitCheck
from liebian.rewards.tests.factories import HOLD, NOW, make_budget, make_grant
from liebian.rewards.tests.gift_shop import ADDRESS, make_gift, units
from liebian.rewards.tests.test_privileges import make_privilege
from liebian.rewards.types import LimitRule, ParcelView, ShipmentLine

pytestmark = pytest.mark.django_db(databases="__all__")
NUMBERS = st.integers(0, 3)
LIMITS = (
    LimitRule("money", "person", "ever", "minor", 100_000, "Asia/Shanghai", frees_taken_back=True),
    LimitRule("count", "person", "ever", "count", 3, "Asia/Shanghai"),
)
REWARD_OF = {
    "to_pack": {"issuing"}, "packed": {"issuing"}, "shipped": {"awaiting_recipient"}, "delivered": {"issued", "clawed_back"},
    "lost": {"written_off"}, "returned": {"returned"}, "cancelled": {"cancelled", "returned"},
}  # fmt: skip


class Parcels(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.block = transaction.atomic()
        self.block.__enter__()
        self.refunded = dict.fromkeys(range(4), 0)
        self.counted = {"in": 0, "keys": 0}
        self.now = NOW + timedelta(days=7)

    def teardown(self) -> None:
        for check in (BudgetCheck(), LimitCheck()):
            assert check.compare(self.now).differences == ()
        transaction.set_rollback(True)
        self.block.__exit__(None, None, None)

    @initialize(
        funded=st.sampled_from([4000, 9000, 20_000]), n_units=st.integers(0, 3), begun=st.sampled_from(["", "ship"])
    )
    def begin(self, funded: int, n_units: int, begun: str) -> None:
        self.budget, self.gift, self.level = make_budget(funded), make_gift(), make_privilege(days=10)
        self.count(n_units)
        self.grant([0, 1])
        self.release()
        if begun:
            self.act(begun, [0, 1])

    @rule(n_units=st.integers(-2, 3))
    def count(self, n_units: int) -> None:
        self.counted["keys"] += 1
        try:
            services.restock(
                offer_id=self.gift.id,
                n_units=n_units,
                note="",
                idempotency_key=str(self.counted["keys"]),
                actor=1,
                day=HOLD,
                now=self.now,
            )
            self.counted["in"] += n_units
        except LiebianError as error:
            assert error.code in ("gift_units", "gift_stock_short")

    @rule(numbers=st.lists(NUMBERS, min_size=1, max_size=3))
    def grant(self, numbers: list[int]) -> None:
        sides = (("referrer", self.level), ("referee", self.gift))
        grants = [make_grant(self.budget, n, *sides, both=False) for n in numbers]
        services.grant_pairs(grants=[replace(each, limits=LIMITS) for each in grants], now=NOW)

    @rule()
    def release(self) -> None:
        services.release_due(day=HOLD, now=self.now)

    @rule(days=st.integers(1, 6))
    def pass_days(self, days: int) -> None:
        self.now += timedelta(days=days)

    @rule(
        act=st.sampled_from(["pack", "ship", "ship", "deliver", "lose", "return"]),
        numbers=st.lists(NUMBERS, min_size=1, max_size=4),
    )
    def act(self, act, numbers: list[int]) -> None:
        found = queries.list_parcels(limit=10)
        lines = [ShipmentLine(each.id, "SF", "1") for each in found if each.customer_id - 1000 in numbers]
        for each in found:
            if not each.has_address and each.state in ("to_pack", "packed"):
                services.set_address(parcel_id=each.id, address=ADDRESS, actor=1, now=self.now)
        services.move_parcels(act=act, lines=lines, actor=1, at=self.now, now=self.now)

    @rule(numbers=st.lists(NUMBERS, min_size=1, max_size=2))
    def send_again(self, numbers: list[int]) -> None:
        found = queries.list_rewards(qualifications=[f"order:{number}" for number in numbers])
        ids = [each.id for each in found if each.offer.kind == "gift"]
        self.counted["keys"] += 1
        if not ids:
            return
        try:
            services.propose_review(
                act="resend", reward_ids=ids, reason="parcel_lost", note="", key=f"r{self.counted['keys']}", actor=1,
                day=HOLD, now=self.now,
            )  # fmt: skip
        except LiebianError as error:
            assert error.code == "resend_short"

    @rule(number=NUMBERS, part=st.sampled_from([10, 50, 100]))
    def refund(self, number: int, part: int) -> None:
        self.refunded[number] += part
        services.cancel_or_claw_back(
            qualification=f"order:{number}",
            refunded_minor=self.refunded[number],
            order_total_minor=100,
            at=self.now,
            now=self.now,
        )

    @rule(number=NUMBERS)
    def erase(self, number: int) -> None:
        services.erase_addresses(customer_id=1000 + number, at=self.now, now=self.now)

    @invariant()
    def every_unit_is_somewhere(self) -> None:
        assert sum(units(self.gift)) == self.counted["in"]
        states = queries.count_parcels()
        left, packing, shipped, given, lost = units(self.gift)
        assert packing == states.get("to_pack", 0) + states.get("packed", 0)
        assert (shipped, given, lost) == tuple(states.get(each, 0) for each in ("shipped", "delivered", "lost"))
        waiting = queries.get_gift_stock(self.gift.id).n_waiting
        assert left >= 0 and waiting >= 0

    @invariant()
    def every_cent_is_somewhere(self) -> None:
        assert all(proof.holds for proof in prove_zero())
        seen = queries.get_budget(self.budget.id)
        parts = (seen.available, seen.reserved, seen.payable, seen.paid_out, seen.receivable, seen.written_off)
        assert min(parts) >= 0 and sum(parts) == seen.funded
        rewards = queries.list_rewards(programme_id=9, limit=100)
        due = sum(each.kept_minor for each in rewards if each.state in ("issuing", "awaiting_recipient"))
        assert due == seen.payable
        assert sum(each.owed_minor for each in rewards) == seen.receivable

    @invariant()
    def rewards_agree_with_their_parcels_and_days(self) -> None:
        newest: dict[int, ParcelView] = {}
        for parcel in queries.list_parcels(limit=100):
            newest.setdefault(parcel.reward_id, parcel)
        for parcel in newest.values():
            assert queries.get_reward(parcel.reward_id).state in REWARD_OF[parcel.state]
        held = queries.list_privileges([1])
        for before, after in pairwise(held):
            assert before.ends_on <= after.starts_on
        kept = [each for each in queries.list_rewards(customer_id=1) if each.state in ("issued", "clawed_back")]
        owed_days = sum(each.owed_minor * 10 // 3000 for each in kept)
        assert sum((each.ends_on - each.starts_on).days for each in held) == (
            sum(each.kept_amount for each in kept) + owed_days
        )


def test_no_sequence_of_acts_loses_a_gift_a_day_or_a_cent():
    run_state_machine_as_test(
        Parcels,
        settings=settings(
            max_examples=10, stateful_step_count=15, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
