"""Erased inviters and friends: links stop, what is not paid returns to the budget, and nobody is new twice."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import pytest

from liebian.core.cursors import drain
from liebian.customers import queries as customer_queries
from liebian.customers import services as customers
from liebian.customers.models import Customer, CustomerEvent, CustomerSeen, Identifier, IdentityChange, Tombstone
from liebian.payouts import services as payouts
from liebian.referrals.models import Referral
from liebian.referrals.queries import get_landing
from liebian.referrals.queries.landing import sign_up_facts
from liebian.referrals.rules import decide_binding
from liebian.referrals.tests.shop import T0, Shop, decisions
from liebian.rewards import queries as rewards
from liebian.rewards import services as reward_services

pytestmark = pytest.mark.django_db(databases="__all__")
PHONE = "13812346021"


@pytest.fixture
def shop(monkeypatch, settings, tmp_path):
    settings.LAKE_URL = str(tmp_path / "lake")
    return Shop(monkeypatch)


def erase(shop: Shop, customer_id: int, *, at) -> None:
    customers.erase_customer(customer_id=customer_id, reason="asked", actor_id=None, now=at)
    for _ in range(3):
        payouts.follow_erasures(at)
        customers.work_erasures(now=at)
        shop.run()
        drain(customers.publish)


def refusal(user: str) -> str:
    found = Referral.objects.get(referee_id=customer_queries.find_customer_id(kind="user_id", value=user))
    return found.reason


def test_who_comes_back_is_no_new_friend_again(shop):
    one, two = shop.customer("one"), shop.customer("two")
    programme = shop.programme(one, two)
    shop.sign_up("friend", shop.code(programme, one), phone=PHONE)
    shop.order("friend", "f1", 120, at=T0 + timedelta(hours=1))
    shop.run()
    friend = shop.id_of("friend")
    erase(shop, friend, at=T0 + timedelta(days=1))
    later = T0 + timedelta(days=2)
    facts = sign_up_facts(shop.code(programme, two), phone=f"+86{PHONE}", email=None, consented=True, now=later)
    assert decide_binding(facts).reason == "already_customer"
    shop.sign_up("again", shop.code(programme, two), phone=f"+86 {PHONE}", at=later)
    shop.order("again", "f2", 120, at=later + timedelta(hours=1))
    shop.run()
    assert shop.id_of("again") != friend and refusal("again") == "already_customer"
    assert decisions("f2") == {}
    shop.sign_up("other", shop.code(programme, two), phone="13900001111", at=later)
    shop.run()
    assert refusal("other") == ""


def test_what_waits_ends_with_the_reason_and_returns_to_the_budget(shop, client):
    one = shop.customer("one")
    programme = shop.programme(one)
    shop.sign_up("friend", shop.code(programme, one), phone=PHONE)
    shop.order("friend", "f1", 120, at=T0 + timedelta(hours=1))
    shop.run()
    assert rewards.get_budget(programme.budget_id).reserved == 5000
    key = reward_services.create_shop_key(name="web", actor_id=None, now=T0)[1]
    ask = partial(client.get, "/v1/rewards?user_id=one", headers={"authorization": f"Bearer {key}"})
    assert [each["state"] for each in ask().json()["rewards"]] == ["waiting"]
    erase(shop, one, at=T0 + timedelta(days=1))
    assert (ask().status_code, ask().json()["error"]["code"]) == (404, "customer_unknown")
    states = {(r.role, r.state, r.reason) for r in rewards.list_rewards(programme_id=programme.id)}
    assert states == {("referrer", "rejected", "deleted_identity"), ("friend", "held", "")}
    budget = rewards.get_budget(programme.budget_id)
    assert (budget.reserved, budget.available, budget.funded) == (2000, budget.funded - 2000, budget.funded)
    assert reward_services.end_rewards(customer_ids=[one], actor=None, now=T0 + timedelta(days=2)) == 0
    assert payouts.follow_erasures(T0 + timedelta(days=2)) == 0


def test_what_was_paid_stays_in_the_books(shop):
    one = shop.customer("one")
    programme = shop.programme(one)
    shop.sign_up("friend", shop.code(programme, one), phone=PHONE)
    shop.order("friend", "f1", 120, at=T0 + timedelta(hours=1))
    shop.day("2026-06-12")
    shop.run()
    before = rewards.get_budget(programme.budget_id)
    points = rewards.list_rewards(customer_id=one)[0]
    assert points.state == "issued"
    erase(shop, one, at=T0 + timedelta(days=12))
    assert rewards.get_budget(programme.budget_id) == before
    assert rewards.list_rewards(customer_id=one)[0] == points


def test_an_erased_inviter_takes_no_friends_and_bound_ones_keep_their_promise(shop):
    one = shop.customer("one", name="林晚秋", phone=PHONE)
    programme = shop.programme(one)
    code = shop.code(programme, one)
    shop.sign_up("friend", code)
    shop.run()
    erase(shop, one, at=T0 + timedelta(days=1))
    later = T0 + timedelta(days=2)
    shop.sign_up("late", code, at=later)
    shop.order("friend", "f1", 120, at=later)
    shop.run()
    assert refusal("late") == "referrer_not_active"
    assert decisions("f1") == {"referrer": ("refused", "deleted_identity"), "friend": ("granted", "")}
    page = get_landing(code, visitor="", now=later)
    assert (page.state, page.inviter) == ("referrer_not_active", "")


def test_a_friend_with_the_inviters_phone_is_refused_for_it_also_when_the_log_is_read_again(shop):
    """The stage of people may be ahead of the erasure, or behind it: the answer is the same."""
    one = shop.customer("one", phone=PHONE, email="li.n+shop@gmail.com")
    programme = shop.programme(one)
    shop.sign_up("self", shop.code(programme, one), email="lin@gmail.com")
    shop.sign_up("also", shop.code(programme, one), phone=f"0086{PHONE}")
    shop.run()
    assert refusal("self") == "self_referral"
    before = sorted(Referral.objects.values_list("id", "referrer_id", "referee_id", "state", "reason"))
    erase(shop, one, at=T0 + timedelta(days=1))
    _start_again()
    drain(lambda: customers.advance(limit=1000))
    shop.run()
    assert sorted(Referral.objects.values_list("id", "referrer_id", "referee_id", "state", "reason")) == before


def _start_again() -> None:
    from liebian.core.models import Cursor

    Referral.objects.all().delete()
    for model in (Tombstone, CustomerSeen, Customer, Identifier, IdentityChange, CustomerEvent):
        model.objects.all().delete()
    Cursor.objects.filter(name__in=["customers", "referrals", "referrals.merges"]).delete()
