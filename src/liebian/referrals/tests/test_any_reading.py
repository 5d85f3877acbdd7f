"""Whatever happens in whatever order: how far people and orders are read, and in which steps, changes nothing of what referrals decide."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.db import connections, transaction
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from liebian.customers import queries as customer_queries
from liebian.customers import services as customers
from liebian.ledger.tests.support import prove_zero
from liebian.orders import services as orders
from liebian.referrals import services
from liebian.referrals.models import Outcome, Qualification, Referral
from liebian.referrals.tests.shop import T0, Shop
from liebian.referrals.types import ProgrammeView
from liebian.rewards import queries as rewards

pytestmark = [pytest.mark.django_db(databases="__all__"), pytest.mark.longest]
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
INVITERS, USERS, DEVICES = ("anna", "ben"), ("cleo", "dora"), ("d1", "d2")
PEOPLE = (*USERS, *DEVICES)
CONTACTS = (
    ("phone", "13800138001"),
    ("phone", "13800138002"),
    ("email", "li.n@gmail.com"),
    ("email", "lin+a@gmail.com"),
)
TOTALS, BACK = (50, 99, 120), (None, 30, 120)

Act = tuple[Any, ...]
PERSON, ORDER = st.sampled_from(PEOPLE), st.sampled_from(("o1", "o2", "o3"))
ACTS = st.one_of(
    st.tuples(st.just("sign up"), PERSON, st.sampled_from(INVITERS)),
    st.tuples(st.just("sign up"), PERSON, st.sampled_from(INVITERS), st.sampled_from(CONTACTS)),
    st.tuples(st.just("contact"), st.sampled_from((*USERS, *INVITERS)), st.sampled_from(CONTACTS)),
    st.tuples(st.just("order"), PERSON, ORDER, st.sampled_from(TOTALS)),
    st.tuples(st.just("order"), PERSON, ORDER, st.sampled_from(TOTALS)),
    st.tuples(st.just("correct"), PERSON, ORDER, st.sampled_from(TOTALS)),
    st.tuples(st.just("refund"), PERSON, ORDER, st.sampled_from(BACK)),
    st.tuples(st.just("cancel"), PERSON, ORDER),
    st.tuples(st.just("become"), st.sampled_from(DEVICES), st.sampled_from((*USERS, *INVITERS))),
    st.tuples(st.just("day")),
)
STEP = st.sampled_from((0, 1, 2, 5, 1000))
READS = st.tuples(STEP, STEP, STEP)  # of people, of orders, of referrals
HISTORY = st.lists(st.tuples(ACTS, READS), min_size=4, max_size=14)
TOGETHER, AT_THE_END = (1000, 1000, 1000), (0, 0, 0)


class Told:
    """One history, told to a shop of its own."""

    def __init__(self, shop: Shop) -> None:
        self.shop, self.step, self.day = shop, 0, 8
        self.people = {user: shop.customer(user) for user in INVITERS}
        for name in PEOPLE:
            shop.say({"type": "page", "name": "Home", **_who(name)}, at=T0 - 2 * DAY)
        shop.run()
        for name in PEOPLE:
            found = customer_queries.find_customer_id(kind="user_id" if name in USERS else "anonymous_id", value=name)
            assert found is not None
            self.people[name] = found
        self.programme: ProgrammeView = shop.programme(*self.people.values(), limits=[], min_order_minor=0)
        self.codes = {user: shop.code(self.programme, self.people[user]) for user in INVITERS}

    def tell(self, kind: str, *about: Any) -> None:
        self.step += 1
        at = T0 + self.step * HOUR
        if kind == "day":
            self.day += 1
            return self.shop.day(f"2026-06-{self.day:02}")
        if kind == "become":
            return self.shop.say({"type": "identify", "anonymousId": about[0], "userId": about[1]}, at=at)
        who, what, *amount = about
        if kind == "contact":
            return self.shop.say({"type": "identify", "userId": who, "traits": dict([what])}, at=at)
        if kind == "sign up":
            said: dict[str, Any] = {"code": self.codes[what], "consent": "2026-01", **dict(amount)}
            return self._track("Referral Signed Up", who, said, at)
        names = {"order": "Completed", "correct": "Updated", "refund": "Refunded", "cancel": "Cancelled"}
        said = {"order_id": what, "currency": "CNY"}
        if amount and amount[0] is not None:
            said["total"] = amount[0]
        if kind == "refund":
            said["refund_id"] = f"r{self.step}"
        return self._track(f"Order {names[kind]}", who, said, at)

    def _track(self, event: str, who: str, said: dict[str, Any], at: Any) -> None:
        self.shop.say({"type": "track", "event": event, **_who(who), "properties": said}, at=at)

    def outcome(self) -> Any:
        names = {person: name for name, person in self.people.items()}
        known = rewards.list_rewards(programme_id=self.programme.id, limit=1000)
        budget = rewards.get_budget(self.programme.budget_id or 0)
        return {
            "referrals": sorted((names.get(r.referee_id, "new"), names.get(r.referrer_id, "new"), r.state, r.reason) for r in Referral.objects.all()),
            "judged": sorted(Qualification.objects.values_list("order_external_id", "outcome", "reason", "amount_minor", "net_minor")),
            "rewards": sorted(
                (r.qualification.rpartition(":")[2], r.role, names.get(r.customer_id, "new"), r.state, r.reason, r.amount, r.clawed_amount, r.owed_minor, r.changed_at)
                for r in known
            ),
            "budget": (budget.available, budget.reserved, budget.paid_out, budget.receivable, budget.written_off),
            "outcomes": sorted((o.name, names.get(o.customer_id, "new"), o.at, str(o.properties.get("reason"))) for o in Outcome.objects.all()),
        }  # fmt: skip


def _who(name: str) -> dict[str, str]:
    return {"anonymousId" if name in DEVICES else "userId": name}


@contextmanager
def undone() -> Iterator[None]:
    """Whatever is written inside is gone afterwards, in every database."""
    with ExitStack() as stack:
        for alias in connections:
            stack.enter_context(transaction.atomic(using=alias))
        yield
        for alias in connections:
            transaction.set_rollback(True, using=alias)


def read(monkeypatch: pytest.MonkeyPatch, history: list[tuple[Act, Any]], every: Any = None) -> Any:
    """What the history leads to when it is read as it says itself, or in the same way after every act."""
    with undone():
        told = Told(Shop(monkeypatch))
        for act, reads in history:
            told.tell(*act)
            people, order_step, referral_step = every or reads
            for stage, limit in ((customers, people), (orders, order_step), (services, referral_step)):
                if limit:
                    stage.advance(limit=limit)
            if every == TOGETHER:
                told.shop.run()
        told.shop.run()
        assert all(proof.holds for proof in prove_zero())
        return told.outcome()


REFUND_FIRST: list[tuple[Act, Any]] = [
    (("refund", "cleo", "o1", 30), AT_THE_END),
    (("sign up", "cleo", "anna"), AT_THE_END),
    (("order", "cleo", "o1", 120), AT_THE_END),
]
MERGE_AHEAD: list[tuple[Act, Any]] = [
    (("order", "d1", "o1", 120), TOGETHER),
    (("sign up", "d1", "anna"), (1000, 1000, 0)),
    (("become", "d1", "cleo"), (1000, 0, 1000)),
]


CONTACT_LATER: list[tuple[Act, Any]] = [
    (("sign up", "cleo", "anna", ("phone", "13800138001")), AT_THE_END),
    (("contact", "anna", ("phone", "13800138001")), AT_THE_END),
]


@settings(
    max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], derandomize=True
)
@given(history=HISTORY)
@example(history=REFUND_FIRST)
@example(history=MERGE_AHEAD)
@example(history=CONTACT_LATER)
def test_how_the_log_is_read_changes_nothing(monkeypatch: pytest.MonkeyPatch, history: list[tuple[Act, Any]]) -> None:
    monkeypatch.setattr("secrets.token_hex", lambda n: "salt")
    together = read(monkeypatch, history, TOGETHER)
    assert read(monkeypatch, history, AT_THE_END) == together
    assert read(monkeypatch, history) == together


def test_a_refund_before_its_order_makes_nobody_a_former_customer(monkeypatch: pytest.MonkeyPatch) -> None:
    found = read(monkeypatch, REFUND_FIRST, AT_THE_END)
    assert found["referrals"] == [("cleo", "anna", "qualified", "")]
    assert found["judged"] == [("o1", "qualified", "", 9000, 9000)]


@pytest.mark.parametrize("end", [("refund", "cleo", "o1", 120), ("cancel", "cleo", "o1")])
def test_an_order_that_was_given_back_before_it_came_does_not_count(monkeypatch: pytest.MonkeyPatch, end: Act) -> None:
    history = [(("sign up", "cleo", "anna"), None), (end, None), (("order", "cleo", "o1", 120), None)]
    found = read(monkeypatch, history, TOGETHER)
    assert found["referrals"] == [("cleo", "anna", "bound", "")]
    assert found["judged"] == [("o1", "refused", "order_refunded", 0, 0)] and found["rewards"] == []


@pytest.mark.parametrize(("told", "theirs"), [((0, 1), 0), ((2,), 3), ((2, 0), 3)])
def test_whoever_told_the_contact_of_the_friend_before_is_the_friend(
    monkeypatch: pytest.MonkeyPatch, told: tuple[int, ...], theirs: int
) -> None:
    """Also when the inviter has told another one since."""
    history: list[tuple[Act, Any]] = [(("contact", "anna", CONTACTS[each]), None) for each in told]
    history.append((("sign up", "cleo", "anna", CONTACTS[theirs]), None))
    assert read(monkeypatch, history, TOGETHER)["referrals"] == [("cleo", "anna", "refused", "self_referral")]


def test_a_contact_that_the_inviter_tells_later_says_nothing_of_a_sign_up_before(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert read(monkeypatch, CONTACT_LATER, AT_THE_END)["referrals"] == [("cleo", "anna", "bound", "")]
