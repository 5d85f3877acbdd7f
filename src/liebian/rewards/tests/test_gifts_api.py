"""What a shop's page does for a customer's gifts: lists them and says where one goes, of nobody else, until it has left."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from django.test import Client

from liebian.access.models import AuditEntry
from liebian.core import clock
from liebian.customers.models import Customer
from liebian.customers.queries import people
from liebian.customers.tests.factories import make_customer, store_customers
from liebian.rewards import queries, services
from liebian.rewards.models import Parcel
from liebian.rewards.services.shop_keys import CALLS_A_MINUTE
from liebian.rewards.tests.factories import NOW, make_budget, make_grant
from liebian.rewards.tests.gift_shop import act, address, make_gift, parcel_of, promise, restock, send
from liebian.rewards.types import RewardView

pytestmark = pytest.mark.django_db(databases="__all__")
SAID = {"recipient": "林晚秋", "phone": "138 1234 6021", "region": "浙江省 杭州市", "line": "文三路 100 号"}


@pytest.fixture(autouse=True)
def _at_noon(monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: NOW)
    known = {"u1": 1001, "u2": 1002}
    monkeypatch.setattr(people, "find_customer_id", lambda *, kind, value: known.get(value))
    store_customers([make_customer(number) for number in (1001, 1002)])


@pytest.fixture
def key() -> str:
    return services.create_shop_key(name="web", actor_id=None, now=NOW)[1]


@pytest.fixture
def gifts() -> list[RewardView]:
    gift = make_gift()
    restock(gift, 2)
    return promise(gift, 2)


def say(key: str, reward: RewardView, status: int = 200, *, idem: str = "k1", user: str = "u1", **said: Any) -> Any:
    body = {"user_id": user, **SAID, **said}
    headers = {"authorization": f"Bearer {key}", **({"idempotency-key": idem} if idem else {})}
    response = Client().post(
        f"/v1/rewards/{reward.id}/address", json.dumps(body), content_type="application/json", headers=headers
    )
    assert response.status_code == status, response.content
    return response.json()


def read(key: str, user: str = "u1") -> list[dict[str, Any]]:
    told = Client().get("/v1/rewards/gifts", {"user_id": user}, headers={"authorization": f"Bearer {key}"})
    assert told.status_code == 200
    return list(told.json()["gifts"])


def test_a_customer_says_and_changes_where_their_gift_goes(key, gifts):
    [first] = read(key)
    assert (first["reward"], first["takes_address"], first["goes_to"]) == (gifts[0].id, True, "")
    told = say(key, gifts[0])
    assert told["goes_to"] == "林*秋 138****6021, 浙江省 杭州市" and say(key, gifts[0]) == told
    parcel = parcel_of(gifts[0])
    assert queries.open_addresses([parcel.id])[parcel.id].line == "文三路 100 号"
    assert "文三路".encode() not in bytes(Parcel.objects.get(pk=parcel.id).address or b"")
    changed = say(key, gifts[0], idem="k2", recipient="周倩")
    assert changed["goes_to"].startswith("周*")
    assert say(key, gifts[0], idem="k3", recipient="周倩") == changed
    trail = AuditEntry.objects.filter(action="parcel.address_set")
    assert [each.details for each in trail] == [{"shop": "web"}] * 2, "the same address again is no change"
    address(gifts[0])
    assert read(key)[0]["goes_to"].startswith("林*")


def test_the_same_key_with_another_address_is_refused(key, gifts):
    say(key, gifts[0])
    assert say(key, gifts[0], 409, line="elsewhere 1")["error"]["code"] == "idempotency_mismatch"
    assert say(key, gifts[1], 409, user="u2")["error"]["code"] == "idempotency_mismatch"
    assert say(key, gifts[0], 400, idem="")["error"]["code"] == "idempotency_key"


def test_nobody_elses_gift(key, gifts):
    assert say(key, gifts[1], 404)["error"]["code"] == "reward_not_found"
    assert say(key, gifts[1], 404, idem="k2", user="nobody")["error"]["code"] == "customer_unknown"
    assert [each["reward"] for each in read(key, "u2")] == [gifts[1].id]
    Customer.objects.filter(pk=1002).update(merged_into=1001)
    say(key, gifts[1], idem="k3")
    assert {each["reward"] for each in read(key)} == {each.id for each in gifts}


def test_what_has_left_or_is_not_packed_takes_no_address(key, gifts):
    send(gifts[0])
    assert say(key, gifts[0], 409)["error"]["code"] == "parcel_left"
    act("deliver", gifts[0])
    assert not read(key)[0]["takes_address"] and read(key)[0]["tracking"]
    gift = make_gift("Cup")
    grant = replace(make_grant(make_budget(1000), 1, ("referee", gift)), rule="second_order")
    held = services.grant_pairs(grants=[grant], now=NOW)[0].reward
    assert say(key, held, 409, idem="k9")["error"]["code"] == "gift_not_due"


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"phone": "call me"}, "address_phone"),
        ({"phone": ""}, "address_phone"),
        ({"line": "x" * 300}, "address_long"),
        ({"recipient": " "}, "address_incomplete"),
        ({"recipient": ""}, "bad_body"),
        ({"line": 7}, "bad_body"),
        ({"other": 1}, "bad_body"),
    ],
)
def test_an_address_that_no_label_can_carry(key, gifts, said, code):
    assert say(key, gifts[0], 422, **said)["error"]["code"] == code
    assert read(key)[0]["goes_to"] == ""


def test_only_with_a_key_and_not_too_often(key, gifts):
    assert say("sk_no", gifts[0], 401)["error"]["code"] == "shop_key"
    for _call in range(CALLS_A_MINUTE):
        services.admit_shop(key=key, now=NOW)
    assert say(key, gifts[0], 429)["error"]["code"] == "too_many_calls"


def test_the_document_names_every_operation():
    document = json.loads(Client().get("/v1/rewards/openapi.json").content)
    assert set(document["paths"]) == {"/v1/rewards", "/v1/rewards/gifts", "/v1/rewards/{reward_id}/address"}
    codes = document["components"]["schemas"]["Error409"]["properties"]["error"]["properties"]["code"]["enum"]
    assert set(codes) == {"gift_not_due", "parcel_left", "idempotency_mismatch"}
