"""The whole life of points, in any order of acts, as one would do it on paper: across ends of months and changes of the clocks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

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

from liebian.core import clock
from liebian.core.errors import Conflict
from liebian.customers.queries import people
from liebian.customers.types import Merge
from liebian.ledger import queries as ledger
from liebian.ledger.tests.support import list_unbalanced_entries, prove_zero
from liebian.rewards import queries, services
from liebian.rewards.tests.points_api import USERS, Watch
from liebian.rewards.tests.points_doors import ApiDoor, ServiceDoor
from liebian.rewards.tests.points_model import Paper
from liebian.rewards.tests.points_shop import VIP, start_day, transfer
from liebian.rewards.types import PointsAdjustment, PointsTerms

pytestmark = pytest.mark.django_db(databases="__all__")
PEOPLE = (1, 2, 3)
WHO, AMOUNTS, AGAIN = st.sampled_from(PEOPLE), st.integers(1, 120), st.sampled_from(["", "", "same", "other"])
STARTS = [
    datetime(2026, 3, 7, 21, tzinfo=UTC),  # the night in which New York goes to summer time
    datetime(2026, 3, 28, 22, tzinfo=UTC),  # the same in Berlin
    datetime(2026, 10, 31, 15, tzinfo=UTC),  # New York goes back, and a month ends
    datetime(2027, 12, 30, 20, tzinfo=UTC),
    datetime(2028, 2, 28, 3, tzinfo=UTC),
]
TERMS = st.builds(
    PointsTerms,
    zone=st.sampled_from(["Asia/Shanghai", "America/New_York", "Europe/Berlin"]),
    expiry=st.sampled_from(["never", "days", "months", "month_end", "year_end", "inactivity"]),
    expiry_count=st.integers(1, 3),
    min_days=st.sampled_from([0, 2]),
    shortage=st.sampled_from(["debt", "debt", "review", "within_balance"]),
    late_restore=st.sampled_from(["expired", "grace"]),
    grace_days=st.integers(1, 3),
    may_transfer=st.just(True),
    transfer_fee_bp=st.sampled_from([0, 1000]),
)


class Points(RuleBasedStateMachine):
    door: ServiceDoor | ApiDoor = ServiceDoor()

    def __init__(self) -> None:
        super().__init__()
        self.block = transaction.atomic()
        self.block.__enter__()
        self.number = 0

    def teardown(self) -> None:
        try:
            assert all(proof.holds for proof in prove_zero())
            assert list_unbalanced_entries() == []
            assert queries.prove_lots() == []
        finally:
            transaction.set_rollback(True)
            self.block.__exit__(None, None, None)

    @initialize(terms=TERMS, start=st.sampled_from(STARTS), amounts=st.lists(AMOUNTS, min_size=3, max_size=3))
    def begin(self, terms: PointsTerms, start: datetime, amounts: list[int]) -> None:
        self.door.begin()
        services.set_points_terms(asset=VIP, terms=terms, actor=1, now=start - timedelta(days=1))
        self.paper, self.now, self.standing = Paper(terms), start, {who: who for who in PEOPLE}
        for who, amount in zip(PEOPLE, amounts, strict=True):
            self.earn(who, amount, 0, "")

    def key(self) -> str:
        self.number += 1
        return f"k{self.number}"

    @rule(who=WHO, amount=AMOUNTS, wait=st.sampled_from([0, 0, 0, 5, 30, 60]), again=AGAIN)
    def earn(self, who: int, amount: int, wait: int, again: str) -> None:
        key, start = self.key(), self.now + timedelta(hours=wait)
        self.paper.earn(key, self.standing[who], amount, self.now, start)
        assert self.door.earn(key, amount, self.now, who, start).amount == amount
        self.ask_again(again, lambda n: self.door.earn(key, amount + n, self.now, who, start))

    @rule(who=WHO, amount=AMOUNTS, hold=st.sampled_from([0, 0, 1, 8, 24]), again=AGAIN)
    def burn(self, who: int, amount: int, hold: int, again: str) -> None:
        key, until = self.key(), self.now + timedelta(hours=hold) if hold else None
        if self.door.frees_lapsed:
            self.paper.free_lapsed(self.now, self.standing[who])
        reason = self.paper.burn(key, self.standing[who], amount, self.now, until)
        assert self.door.burn(key, amount, self.now, who, until).reason == reason
        if not reason:
            self.ask_again(again, lambda n: self.door.burn(key, amount + n, self.now, who, until))

    @precondition(lambda self: self.uses("reserved"))
    @rule(data=st.data(), percent=st.sampled_from([0, 30, 100]))
    def end_reservation(self, data: st.DataObject, percent: int) -> None:
        key = data.draw(st.sampled_from(self.uses("reserved")))
        used = self.paper.uses[key].amount * percent // 100
        reason = self.paper.end_reservation(key, self.now, used)
        for is_repeat in (False, True):
            outcome = self.door.end(key, used, self.now)
            assert outcome.reason == reason
            assert outcome.repeated == (is_repeat and not reason)

    @precondition(lambda self: self.uses("used"))
    @rule(data=st.data(), total=st.integers(1, 150), again=AGAIN)
    def restore(self, data: st.DataObject, total: int, again: str) -> None:
        key = data.draw(st.sampled_from(self.uses("used")))
        assert self.door.restore(key, total, self.now).amount == self.paper.restore(key, total, self.now)
        if again == "same":
            assert self.door.restore(key, total, self.now).repeated

    @rule(data=st.data(), total=st.integers(1, 150), again=AGAIN)
    def claw(self, data: st.DataObject, total: int, again: str) -> None:
        key = data.draw(st.sampled_from(sorted(self.paper.earned)))
        assert self.door.claw(key, total, self.now).amount == self.paper.claw(key, total, self.now)
        if again == "same":
            assert self.door.claw(key, total, self.now).repeated

    @rule(sender=WHO, receiver=WHO, amount=AMOUNTS, again=AGAIN)
    def transfer(self, sender: int, receiver: int, amount: int, again: str) -> None:
        key = self.key()
        reason = self.paper.transfer(self.standing[sender], self.standing[receiver], amount, self.now)
        assert transfer(key, amount, self.now, sender, receiver).reason == reason
        if not reason:
            self.ask_again(again, lambda n: transfer(key, amount + n, self.now, sender, receiver))

    @rule(who=WHO, amount=AMOUNTS, takes=st.booleans(), again=AGAIN)
    def adjust(self, who: int, amount: int, takes: bool, again: str) -> None:
        key, owner, reason = self.key(), self.standing[who], ""
        if not takes:
            self.paper.earn(key, owner, amount, self.now, self.now)
            del self.paper.earned[key]
        elif self.paper.has(owner, self.now) < amount:
            reason = "points_short"
        else:
            self.paper.pick(owner, amount, self.now)

        def ask(more: int) -> object:
            asked = PointsAdjustment(key, who, (-1 if takes else 1) * (amount + more), self.now, "seen", 1, VIP)
            return services.adjust_points(adjustments=[asked], now=self.now)[0]

        assert ask(0).reason == reason
        if not reason:
            self.ask_again(again, ask)

    @rule(hours=st.sampled_from([1, 7, 16, 24, 24, 49, 24 * 31]), night=st.booleans())
    def wait(self, hours: int, night: bool) -> None:
        self.now += timedelta(hours=hours)
        if night or hours >= 24:
            self.paper.night(self.now)
            start_day(self.now)

    @rule(loser=st.sampled_from([2, 3]), winner=WHO)
    def merge(self, loser: int, winner: int) -> None:
        if self.standing[loser] != loser or self.standing[winner] != winner or loser == winner:
            return
        self.paper.merge(loser, winner, self.now)
        self.door.merge(loser, winner)
        self.standing = {who: winner if now == loser else now for who, now in self.standing.items()}
        merges = [Merge(loser, loser, winner)]
        assert services.merge_points(merges=merges, at=self.now, now=self.now) == 1
        assert services.merge_points(merges=merges, at=self.now, now=self.now) == 0

    def uses(self, state: str) -> list[str]:
        return sorted(key for key, use in self.paper.uses.items() if use.state == state)

    def ask_again(self, how: str, ask) -> None:
        if how == "same":
            assert ask(0).repeated
        elif how == "other":
            with pytest.raises(Conflict) as caught:
                ask(1)
            assert caught.value.code == "idempotency_mismatch"

    @invariant()
    def everybody_has_what_the_paper_says(self) -> None:
        if self.number == 0:
            return
        balances = queries.list_points_of(PEOPLE, at=self.now, asset=VIP)
        for who in PEOPLE:
            seen, paper = balances[who], self.paper
            lots = queries.list_lots(who, asset=VIP, only_left=False)
            assert sorted(
                (lot.amount, lot.remaining, lot.reserved, lot.expired, lot.state) for lot in lots
            ) == paper.rows(who)
            assert (seen.active, seen.debt) == (paper.has(who, self.now), paper.debt[who])
            assert seen.receivable + seen.in_review == paper.owed[who]
        assert ledger.list_balances(self.accounts()) == self.accounts()

    def accounts(self) -> dict[str, int]:
        """What the ledger has to hold."""
        lots = self.paper.lots
        held = {"points_burned:vip": self.paper.burned, "points_breakage:vip": sum(lot.expired for lot in lots)}
        for who in PEOPLE:
            mine = [lot for lot in lots if lot.owner == who]
            pending = sum(lot.left for lot in mine if lot.state == "pending")
            held[f"points:{who}:vip"] = sum(lot.left for lot in mine) - pending
            held[f"points_pending:{who}:vip"] = pending
            held[f"points_reserved:{who}:vip"] = sum(lot.reserved for lot in mine)
        return held


def run(machine: type[Points]) -> None:
    checks = list(HealthCheck)
    said = settings(max_examples=20, stateful_step_count=20, deadline=None, suppress_health_check=checks)
    run_state_machine_as_test(machine, settings=said)


def test_no_sequence_of_acts_leads_to_other_points_than_on_paper():
    run(Points)


def test_a_shop_that_asks_the_api_comes_to_the_points_on_paper(monkeypatch):
    watch = Watch(STARTS[0])
    monkeypatch.setattr(clock, "now", lambda: watch.now)
    monkeypatch.setattr(people, "find_customer_id", lambda *, kind, value: USERS.get(value))

    class Asking(Points):
        door = ApiDoor(watch)

    run(Asking)
