"""People who turn out to be one: links that lead to oneself or in a ring end, at their place in the log, however it is read."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any

import pytest

from liebian.core.cursors import drain
from liebian.customers import queries as customer_queries
from liebian.customers import services as customers
from liebian.ledger.tests.support import prove_zero
from liebian.orders import services as orders
from liebian.referrals.models import Outcome, Qualification, Referral
from liebian.referrals.tests.shop import T0, Shop, decisions, states
from liebian.referrals.types import ProgrammeView
from liebian.rewards import queries as rewards

pytestmark = pytest.mark.django_db(databases="__all__")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def shop(monkeypatch: pytest.MonkeyPatch) -> Shop:
    return Shop(monkeypatch)


def visitor(shop: Shop, device: str) -> int:
    """Somebody who has not said who they are."""
    shop.say({"type": "page", "name": "Home", "anonymousId": device}, at=T0 - 2 * DAY)
    shop.run()
    found = customer_queries.find_customer_id(kind="anonymous_id", value=device)
    assert found is not None
    return found


def sign_up(shop: Shop, device: str, code: str, at: Any = T0) -> None:
    properties = {"code": code, "consent": "2026-01", "channel": "wechat"}
    shop.say({"type": "track", "event": "Referral Signed Up", "anonymousId": device, "properties": properties}, at=at)


def order(shop: Shop, device: str, number: str, at: Any) -> None:
    properties = {"order_id": number, "total": 120, "currency": "CNY"}
    shop.say({"type": "track", "event": "Order Completed", "anonymousId": device, "properties": properties}, at=at)


def become(shop: Shop, device: str, user: str, at: Any) -> None:
    shop.say({"type": "identify", "userId": user, "anonymousId": device}, at=at)


def is_whole(programme: ProgrammeView) -> bool:
    budget = rewards.get_budget(programme.budget_id or 0)
    return budget.available == budget.funded and all(proof.holds for proof in prove_zero())


@pytest.mark.parametrize(("issued", "at_once"), [(False, False), (True, False), (False, True), (True, True)])
def test_whoever_invited_themselves_gives_everything_back(shop: Shop, issued: bool, at_once: bool) -> None:
    anna = shop.customer("anna")
    programme = shop.programme(anna)
    sign_up(shop, "d1", shop.code(programme, anna))
    order(shop, "d1", "o1", T0 + HOUR)
    if issued:
        shop.day("2026-06-09")
    if not at_once:
        shop.run()
        assert {r.state for r in rewards.list_rewards(programme_id=programme.id)} == {"issued" if issued else "held"}
    become(shop, "d1", "anna", T0 + 10 * DAY)
    shop.run()
    row = Referral.objects.get()
    assert (row.state, row.reason) == ("refused", "merged_self_referral")
    assert decisions("o1")["friend"] == ("granted", ""), "what was decided stays to be read"
    assert Qualification.objects.values_list("outcome", "reason").get() == ("reversed", "merged_self_referral")
    ended = {(r.state, r.reason, r.clawed_amount == r.amount) for r in rewards.list_rewards(programme_id=programme.id)}
    assert ended == {("clawed_back" if issued else "cancelled", "merged_self_referral", True)}
    assert is_whole(programme) and rewards.points_balance(anna) == 0
    assert Outcome.objects.get(name="Referral Reversed").properties["reason"] == "merged_self_referral"
    before = states(programme)
    shop.refund("anna", "o1", "r1", None, at=T0 + 11 * DAY)
    shop.run()
    assert states(programme)["rewards"] == before["rewards"], "nothing is taken back twice"


@pytest.mark.parametrize("youngest", [0, 1, 2])
def test_the_youngest_link_of_a_ring_goes_and_the_others_stay(shop: Shop, youngest: int) -> None:
    """anna → ben → cleo → visitor, and the visitor turns out to be anna."""
    people = [shop.customer("anna")]
    for user in ("ben", "cleo"):
        shop.say({"type": "identify", "userId": user}, at=T0 - 2 * DAY)
        shop.run()
        people.append(shop.id_of(user))
    programme = shop.programme(*people)
    links = [("ben", people[0]), ("cleo", people[1]), ("", people[2])]
    for number in [n for n in range(3) if n != youngest] + [youngest]:
        user, inviter = links[number]
        if user:
            shop.sign_up(user, shop.code(programme, inviter), at=T0 + HOUR)
        else:
            sign_up(shop, "d1", shop.code(programme, inviter), T0 + HOUR)
    shop.order("ben", "o-ben", 120, at=T0 + 2 * HOUR)
    shop.run()
    become(shop, "d1", "anna", T0 + DAY)
    shop.run()
    found = {row.referee_id: (row.state, row.reason) for row in Referral.objects.all()}
    stands = {people[1]: ("qualified", ""), people[2]: ("bound", ""), people[0]: ("bound", "")}
    friend = [people[1], people[2], people[0]][youngest]
    assert found == stands | {friend: ("refused", "merged_ring")}
    assert {r.state for r in rewards.list_rewards(programme_id=programme.id)} == {
        "cancelled" if youngest == 0 else "held"
    }


def test_a_code_of_somebody_who_was_merged_is_that_of_who_they_are(shop: Shop) -> None:
    anna, device = shop.customer("anna"), visitor(shop, "d1")
    programme = shop.programme(anna, device)
    code = shop.code(programme, device)
    become(shop, "d1", "anna", T0)
    shop.sign_up("anna", code, at=T0 + HOUR)
    shop.sign_up("ben", code, at=T0 + HOUR)
    shop.run()
    found = {row.referee_id: (row.referrer_id, row.reason) for row in Referral.objects.all()}
    assert found == {anna: (anna, "self_referral"), shop.id_of("ben"): (anna, "")}


WORLDS, STEPS = 12, 24
OPENINGS = {
    0: [("sign_up", 1, 0), ("sign_up", 3, 1), ("become", 3, 0)],
    1: [("sign_up", 1, 0), ("sign_up", 3, 2), ("become", 3, 1)],
}
DAYS = {10: "2026-06-08", 14: "2026-06-09", 18: "2026-06-10"}


class World:
    """Three people and three visitors, who turn out to be people: anything may happen, in an order that its number decides."""

    def __init__(self, shop: Shop, number: int) -> None:
        self.shop, self.number = shop, number
        self.chance = random.Random(number)
        self.ordered: set[str] = set()
        self.invited: dict[int, int] = {}
        self.names = {self.name(each): self.found(each) for each in range(6)}
        self.programme = shop.programme(*self.names.values(), limits=[])
        self.codes = [shop.code(self.programme, person) for person in self.names.values()]

    def name(self, each: int) -> str:
        return f"w{self.number}-{'user' if each < 3 else 'visitor'}{each}"

    def who(self, each: int) -> dict[str, str]:
        return {"userId" if each < 3 else "anonymousId": self.name(each)}

    def found(self, each: int) -> int:
        self.shop.say({"type": "identify" if each < 3 else "page", "name": "Home", **self.who(each)}, at=T0 - 2 * DAY)
        self.shop.run()
        kind = "user_id" if each < 3 else "anonymous_id"
        found = customer_queries.find_customer_id(kind=kind, value=self.name(each))
        assert found is not None
        return found

    def act(self, step: int) -> None:
        """Some worlds begin with a line that becomes a ring, some with two friends who turn out to be one."""
        one, other, at = self.chance.randrange(6), self.chance.randrange(6), T0 + step * 8 * HOUR
        kind = self.chance.choice(["sign_up"] * 6 + ["order", "refund", "become"])
        if self.number % 4 in OPENINGS and step < 3:
            kind, one, other = OPENINGS[self.number % 4][step]
            self.invited[3] = other
        order_id = f"{self.name(one)}-{other % 2}"
        named = {"order_id": order_id, "currency": "CNY"}
        if kind == "sign_up":
            self.invited[one] = other
            told = {"code": self.codes[other], "consent": "2026-01"}
            self.shop.say({"type": "track", "event": "Referral Signed Up", **self.who(one), "properties": told}, at=at)
        elif kind == "become":
            visitor = 3 + one % 3
            inviter = self.invited.get(visitor, other)
            above = self.chance.choice([inviter, self.invited.get(inviter, inviter)])
            become(self.shop, self.name(visitor), self.name(above % 3), at)
        else:
            event, more = ("Order Completed", {"total": 120})
            if kind == "refund" and order_id in self.ordered:
                event, more = "Order Refunded", {"total": 50, "refund_id": f"{self.name(one)}-{step}"}
            self.ordered.add(order_id)
            self.shop.say({"type": "track", "event": event, **self.who(one), "properties": {**named, **more}}, at=at)

    def outcome(self) -> Any:
        people = {person: name for name, person in self.names.items()}
        rows = Referral.objects.filter(programme_id=self.programme.id)
        known = rewards.list_rewards(programme_id=self.programme.id, limit=1000)
        judged = Qualification.objects.filter(programme_id=self.programme.id)
        budget = rewards.get_budget(self.programme.budget_id or 0)
        return (
            sorted((people[r.referee_id], people[r.referrer_id], r.state, r.reason) for r in rows),
            sorted(judged.values_list("order_external_id", "outcome", "reason", "net_minor")),
            sorted((r.qualification.rpartition(":")[2], r.role, people[r.customer_id], r.state, r.reason, r.clawed_amount, r.owed_minor) for r in known),
            (budget.available, budget.reserved, budget.paid_out, budget.receivable, budget.written_off),
        )  # fmt: skip

    def has_friend_twice(self) -> bool:
        final = customer_queries.find_final_ids(self.names.values())
        rows = Referral.objects.filter(programme_id=self.programme.id).exclude(state="refused")
        friends = [final.get(row.referee_id, row.referee_id) for row in rows]
        return len(friends) != len(set(friends))

    def has_ring(self) -> bool:
        final = customer_queries.find_final_ids(self.names.values())
        rows = Referral.objects.filter(programme_id=self.programme.id).exclude(state="refused")
        lines = {
            row.referee_id: final.get(row.referrer_id, row.referrer_id) for row in rows if row.referee_id not in final
        }
        return any(leads_back(lines, person) for person in lines)


def leads_back(lines: dict[int, int], person: int) -> bool:
    who: int | None = person
    for _ in lines:
        who = lines.get(who) if who is not None else None
        if who == person:
            return True
    return False


def live(shop: Shop, reads: str) -> list[World]:
    worlds = [World(shop, number) for number in range(WORLDS)]
    for step in range(STEPS):
        for world in worlds:
            world.act(step)
        if step in DAYS:
            shop.day(DAYS[step])
        if reads == "as it comes":
            shop.run()
    if reads == "the others ahead":  # as a replay does: people and orders know the end before the first sign-up is read
        drain(lambda: customers.advance() + orders.advance())
    shop.run()
    return worlds


@pytest.fixture(scope="module")
def lives() -> dict[str, Any]:
    return {}


@pytest.mark.parametrize(("reads", "limit"), [("as it comes", 1000), ("the others ahead", 1000), ("at the end", 3)])
def test_any_history_with_merges_leads_to_the_same_however_it_is_read(
    monkeypatch: pytest.MonkeyPatch, lives: dict[str, Any], reads: str, limit: int
) -> None:
    monkeypatch.setattr("secrets.token_hex", lambda n: "salt")
    worlds = live(Shop(monkeypatch, limit=limit), reads)
    lives[reads] = [world.outcome() for world in worlds]
    assert lives[reads] == next(iter(lives.values()))
    reasons = {row[3] for referrals, *_ in lives[reads] for row in referrals}
    assert reasons >= {"merged_self_referral", "merged_ring", "merged_duplicate"}
    assert not any(world.has_ring() or world.has_friend_twice() for world in worlds)
    assert all(proof.holds for proof in prove_zero())
