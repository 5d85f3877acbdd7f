"""What a shop's page asks: what waits for one customer's confirmation, nothing of others, and only with a key."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from liebian.core import clock
from liebian.customers.models import Customer
from liebian.customers.queries import people
from liebian.payouts import services
from liebian.payouts.models import Payout
from liebian.payouts.tests.desk import CHECKER, approve, give_payees, make_account, owe
from liebian.rewards import queries as rewards_seen
from liebian.rewards import services as rewards
from liebian.rewards.services.shop_keys import CALLS_A_MINUTE
from liebian.rewards.tests.factories import NOW

pytestmark = pytest.mark.django_db(databases="__all__")
PEOPLE = {"u1": 1001, "u2": 1002, "u3": 1003}


@pytest.fixture(autouse=True)
def _at_noon(monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: NOW)
    monkeypatch.setattr(people, "find_customer_id", lambda *, kind, value: PEOPLE.get(value))


@pytest.fixture
def key() -> str:
    return rewards.create_shop_key(name="web", actor_id=None, now=NOW)[1]


@pytest.fixture
def two(wechat):
    """Two payouts, of u1 and of u2, that wait for their recipients."""
    _budget, owed = owe(2)
    give_payees(owed)
    approve(make_account(wechat), owed)
    services.work_payouts(NOW)
    return list(Payout.objects.order_by("id"))


def ask(key: str, user_id: str = "u1", status: int = 200, **more: Any) -> Any:
    response = Client().get(
        "/v1/payouts/waiting", {"user_id": user_id, **more}, headers={"authorization": f"Bearer {key}"}
    )
    assert response.status_code == status, response.content
    return response.json()


def numbers(told: Any) -> list[int]:
    return [each["payout"] for each in told["waiting"]]


def test_one_customers_payouts_with_what_wechat_asks_for(key, two, wechat):
    assert ask(key)["waiting"] == [
        {
            "mch_id": "1900000001", "app_id": "wx0000000000000001", "package_info": "affffddafdfafddffda==",
            "payout": two[0].pk, "reward": two[0].reward_id, "name": "Cash", "amount_minor": 1000, "currency": "CNY",
            "sent_at": "2026-06-01T04:00:00+00:00",
        }
    ]  # fmt: skip
    assert numbers(ask(key, "u2")) == [two[1].pk]
    assert numbers(ask(key, reward=two[0].reward_id)) == [two[0].pk]
    assert numbers(ask(key, reward=two[1].reward_id)) == [], "a reward of somebody else"


def test_what_was_confirmed_or_called_back_waits_no_longer(key, two, wechat):
    wechat.set_state(two[0].out_no, "SUCCESS")
    services.work_payouts(NOW + timedelta(minutes=5))
    services.call_back_payout(payout_id=two[1].pk, actor=CHECKER, now=NOW + timedelta(minutes=6))
    assert numbers(ask(key)) == numbers(ask(key, "u2")) == []


def test_what_is_proposed_or_on_its_way_is_not_shown(key, wechat):
    _budget, owed = owe()
    give_payees(owed)
    approve(make_account(wechat), owed)
    assert numbers(ask(key)) == []
    wechat.first_state = "PROCESSING"
    services.work_payouts(NOW)
    assert Payout.objects.get().state == "accepted" and numbers(ask(key)) == []


def test_what_wechat_calls_back_or_gives_no_package_for_is_not_shown(key, two, wechat):
    wechat.set_state(two[0].out_no, "CANCELING")
    services.work_payouts(NOW + timedelta(minutes=5))
    assert Payout.objects.get(pk=two[0].pk).state == "accepted" and numbers(ask(key)) == []
    Payout.objects.filter(pk=two[1].pk).update(package="")
    assert numbers(ask(key, "u2")) == []


def test_somebody_who_was_merged_is_found_by_either_id(key, two, wechat):
    Customer.objects.filter(pk=1001).update(merged_into=1002)
    assert numbers(ask(key)) == numbers(ask(key, "u2")) == [two[0].pk, two[1].pk]


def test_somebody_unknown_and_parameters_that_do_not_fit(key, two):
    assert ask(key, "nobody", 404)["error"]["code"] == "customer_unknown"
    assert ask(key, "", 422)["error"]["code"] == ask(key, "u\n1", 422)["error"]["code"] == "user_id"
    for wrong in ("x", "0", "-1", "9" * 19, "9" * 40, "１"):
        assert ask(key, status=422, reward=wrong)["error"]["code"] == "reward"


@pytest.mark.parametrize("header", ["", "Bearer sk_wrong", "Basic ???", "Bearer ключ", "Bearer " + "s" * 99])
def test_without_a_key_nothing_is_told(two, header):
    response = Client().get("/v1/payouts/waiting", {"user_id": "u1"}, headers={"authorization": header})
    assert response.status_code == 401 and response.json()["error"]["code"] == "shop_key"
    assert response["WWW-Authenticate"].startswith("Bearer")


def test_a_key_that_was_switched_off_and_another_method(key, two):
    headers = {"authorization": f"Bearer {key}"}
    told = Client().post("/v1/payouts/waiting?user_id=u1", headers=headers)
    assert (told.status_code, told["Allow"], told.json()["error"]["code"]) == (405, "GET", "bad_method")
    [shop] = rewards_seen.list_shop_keys()
    rewards.set_shop_key_enabled(key_id=shop.id, is_enabled=False, actor_id=None, now=NOW)
    assert ask(key, status=401)["error"]["code"] == "shop_key"


def test_a_shop_that_asks_too_often_waits_for_the_next_minute(key, two, monkeypatch):
    for _call in range(CALLS_A_MINUTE - 1):
        rewards.admit_shop(key=key, now=NOW)
    ask(key)
    refused = Client().get("/v1/payouts/waiting", {"user_id": "u1"}, headers={"authorization": f"Bearer {key}"})
    assert (refused.status_code, refused.json()["error"]["code"], refused["Retry-After"]) == (
        429,
        "too_many_calls",
        "60",
    )
    other = rewards.create_shop_key(name="other", actor_id=None, now=NOW)[1]
    ask(other)
    monkeypatch.setattr(clock, "now", lambda: NOW + timedelta(minutes=1))
    ask(key)


def test_the_document_names_every_code(key, two):
    document = json.loads(Client().get("/v1/payouts/openapi.json").content)
    told = document["paths"]["/v1/payouts/waiting"]["get"]["responses"]
    schema = document["components"]["schemas"]["WaitingPayout"]
    assert set(schema["required"]) == set(ask(key)["waiting"][0])
    assert set(told) == {"200", "401", "404", "405", "422", "429", "503"}
