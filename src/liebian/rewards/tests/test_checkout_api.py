"""The checkout API: what shops send and what they are told; nonsense is refused with a reason and never breaks anything."""

from __future__ import annotations

import json
import random
import re
import shlex
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from liebian.core import clock
from liebian.customers import queries as customers
from liebian.ledger.tests.support import prove_zero, run_threads
from liebian.rewards import queries, services
from liebian.rewards.models import CheckoutAnswer, Coupon
from liebian.rewards.tests.coupon_shop import PERCENT, issue, make_offer, reward_of
from liebian.rewards.tests.factories import NOW

pytestmark = pytest.mark.django_db(databases="__all__")
CART = {
    "currency": "CNY",
    "lines": [{"id": "1", "amount_minor": 10_000, "quantity": 2}, {"id": "2", "amount_minor": 5_000}],
}


class Shop:
    def __init__(self, language: str = "en") -> None:
        _view, self.key = services.create_shop_key(name="web", actor_id=None, now=NOW)
        self.client = Client(raise_request_exception=False, headers={"accept-language": language})

    def send(self, operation: str, body: Any, key: str | None = "k1", **headers: str):
        said = {"authorization": f"Bearer {self.key}", **({"idempotency-key": key} if key else {}), **headers}
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.client.post(f"/v1/coupons/{operation}", raw, content_type="application/json", headers=said)

    def ask(self, operation: str, status: int = 200, key: str | None = "k1", **body: Any) -> dict[str, Any]:
        response = self.send(operation, body, key)
        assert response.status_code == status, response.content
        return response.json()  # type: ignore[no-any-return]


@pytest.fixture(autouse=True)
def _at_noon(monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: NOW)
    monkeypatch.setattr(customers, "find_customer_id", lambda *, kind, value: {"u1": 1001, "u2": 1002}.get(value))


@pytest.fixture
def shop() -> Shop:
    return Shop()


def test_a_cart_is_quoted_held_used_and_given_back(shop):
    (coupon,) = issue(make_offer(**PERCENT))
    asked = {"cart": CART, "coupons": [coupon.code], "user_id": "u1"}
    assert shop.ask("validate", key=None, **asked)["discount_minor"] == 1500
    held = shop.ask("reserve", **asked)
    assert (held["payable_minor"], held["held_until"]) == (13_500, "2026-06-01T04:15:00+00:00")
    used = shop.ask("redeem", key="k2", reservation=held["reservation"], order_id="A-1")
    assert used["coupons"][0]["state"] == "redeemed" and reward_of(coupon).kept_minor == 1500
    part = shop.ask("rollback", key="k3", order_id="A-1", lines=[{"id": "1"}])
    assert part["coupons"][0]["refunded_now_minor"] == 500 and not part["coupons"][0]["usable_again"]
    assert part["coupons"][0]["reason"] == "coupon_order_in_part"
    whole = shop.ask("rollback", key="k4", order_id="A-1")
    assert whole["coupons"][0]["refunded_now_minor"] == 1000 and whole["coupons"][0]["usable_again"]


def test_a_cart_that_was_not_reserved_is_used_in_one_step(shop):
    (coupon,) = issue(make_offer())
    body = {"cart": CART, "coupons": [coupon.code.lower()], "user_id": "u1", "order_id": "A-1"}
    assert shop.ask("redeem", discounts={coupon.code.lower(): 1900}, **body)["coupons"][0]["discount_minor"] == 1900
    assert shop.ask("redeem", 409, key="k2", **body)["error"]["details"]["coupons"][0]["reason"] == "coupon_used"


def test_the_same_key_has_the_same_answer_and_another_body_is_refused(shop):
    (coupon,) = issue(make_offer())
    asked = {"cart": CART, "coupons": [coupon.code], "user_id": "u1"}
    first = shop.ask("reserve", **asked)
    assert shop.ask("reserve", **asked) == first
    assert len(queries.list_redemptions(code=coupon.code)) == 1
    assert shop.ask("reserve", 409, **{**asked, "hold_seconds": 60})["error"]["code"] == "idempotency_mismatch"
    assert (
        shop.ask("redeem", 409, reservation=first["reservation"], order_id="A-1")["error"]["code"]
        == "idempotency_mismatch"
    )
    refused = shop.ask("reserve", 409, key="k2", **asked)
    assert shop.ask("rollback", key="k3", reservation=first["reservation"])["coupons"][0]["usable_again"]
    assert shop.ask("reserve", 409, key="k2", **asked) == refused, "a refusal is an answer, too"
    assert shop.ask("rollback", key="k3", reservation=first["reservation"])["coupons"][0]["usable_again"]


def test_a_refusal_has_a_stable_code_and_a_text_for_the_customer():
    shop = Shop("zh-hans")
    (coupon,) = issue(make_offer())
    told = shop.ask("reserve", 409, cart=CART, coupons=[coupon.code], user_id="u2")
    assert told["error"]["code"] == "coupon_refused"
    assert (
        told["error"]["details"]["coupons"]
        == [{"code": coupon.code, "reason": "coupon_not_theirs", "text": "这张优惠券属于别人"}]
        or told["error"]["details"]["coupons"][0]["reason"] == "coupon_not_theirs"
    )
    assert re.search(r"[\u4e00-\u9fff]", told["error"]["details"]["coupons"][0]["text"])


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({"authorization": ""}, 401, "shop_key"),
        ({"authorization": "Bearer sk_wrong"}, 401, "shop_key"),
        ({"authorization": "Basic ???"}, 401, "shop_key"),
        ({"authorization": "Bearer ключ"}, 401, "shop_key"),
        ({"idempotency-key": ""}, 400, "idempotency_key"),
        ({"idempotency-key": "x" * 121}, 400, "idempotency_key"),
        ({"content-type": "text/plain"}, 415, "bad_content_type"),
    ],
)
def test_headers_that_do_not_fit(shop, headers, status, code):
    body = {"cart": CART, "coupons": ["ABCD"]}
    content_type = headers.pop("content-type", "application/json")
    said = {"authorization": f"Bearer {shop.key}", "idempotency-key": "k", **headers}
    response = shop.client.post("/v1/coupons/reserve", json.dumps(body), content_type=content_type, headers=said)
    assert (response.status_code, response.json()["error"]["code"]) == (status, code)


def test_the_key_works_as_basic_user_and_no_longer_when_it_is_switched_off(shop):
    import base64

    token = base64.b64encode(f"{shop.key}:".encode()).decode()
    body = {"cart": CART, "coupons": ["ABCD"]}
    assert shop.send("validate", body, authorization=f"Basic {token}").status_code == 200
    (view,) = queries.list_shop_keys()
    services.set_shop_key_enabled(key_id=view.id, is_enabled=False, actor_id=None, now=NOW)
    assert shop.send("validate", body).status_code == 401
    assert view.tail == shop.key[-4:]


def test_only_post_and_only_small_bodies(shop):
    response = shop.client.get("/v1/coupons/validate", headers={"authorization": f"Bearer {shop.key}"})
    assert (response.status_code, response["Allow"]) == (405, "POST")
    assert shop.send("validate", b" " * 300_000).status_code == 413


@pytest.mark.parametrize(
    ("operation", "body", "code"),
    [
        ("validate", {"cart": {**CART, "lines": []}, "coupons": ["A"]}, "bad_body"),
        ("validate", {"cart": {**CART, "currency": "cny"}, "coupons": ["A"]}, "bad_body"),
        ("validate", {"cart": CART, "coupons": []}, "bad_body"),
        ("validate", {"cart": CART, "coupons": ["A\x00"]}, "bad_body"),
        ("validate", {"cart": CART, "coupons": ["A"], "unknown": 1}, "bad_body"),
        ("validate", {"cart": {**CART, "lines": [CART["lines"][0]] * 2}, "coupons": ["A"]}, "cart_lines"),
        ("redeem", {"order_id": "A"}, "redeem_what"),
        ("rollback", {}, "rollback_what"),
        ("rollback", {"order_id": "A", "lines": [{"id": "1", "quantity": 0}]}, "bad_body"),
    ],
)
def test_bodies_that_do_not_fit(shop, operation, body, code):
    response = shop.send(operation, body)
    assert (response.status_code, response.json()["error"]["code"]) == (422, code)


def _mutate(raw: bytes, random_: random.Random) -> bytes:
    kind = random_.randrange(7)
    place = random_.randrange(len(raw) + 1)
    if kind == 0:
        return raw[:place]
    if kind == 1:
        return raw[:place] + bytes([random_.randrange(256)]) + raw[place + 1 :]
    if kind == 2:
        return raw.replace(
            b"10000", random_.choice([b"-1", b"1e400", b"9" * 40, b"1.5", b"NaN", b"null", b"true", b'"x"'])
        )
    if kind == 3:
        return raw.replace(b"ABCD", random_.choice([rb"\u0000", rb"\ud800", b"\xff\xfe", b"A" * 5000, "码".encode()]))
    if kind == 4:
        return b"[" * random_.randrange(1, 5000) + raw
    if kind == 5:
        return raw.replace(b'"id"', random_.choice([b'"ID"', b'"id":"9","id"', b'""']))
    return random_.choice([b"", b"null", b"[]", b'""', b"0", raw * 2])


@given(seed=st.integers(0, 2**32))
@hypothesis_settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
def test_mutated_bodies_are_refused_or_answered_and_never_break_anything(seed, shop):
    random_ = random.Random(seed)
    bodies: dict[str, Any] = {
        "validate": {"cart": CART, "coupons": ["ABCD"], "user_id": "ABCD"},
        "reserve": {"cart": CART, "coupons": ["ABCD"], "order_id": "ABCD"},
        "redeem": {"order_id": "ABCD", "cart": CART, "coupons": ["ABCD"], "discounts": {"ABCD": 10000}},
        "rollback": {"order_id": "ABCD", "lines": [{"id": "ABCD", "quantity": 10000}]},
    }
    operation = random_.choice(list(bodies))
    raw = json.dumps(bodies[operation]).encode()
    for _ in range(random_.randrange(1, 4)):
        raw = _mutate(raw, random_)
    response = shop.send(operation, raw, key=f"k{seed}")
    assert response.status_code < 500, (raw, response.content)
    if response.status_code != 200:
        assert response.json()["error"]["code"]


@pytest.mark.django_db(transaction=True, databases="__all__")
def test_one_key_from_16_threads_is_one_reservation():
    shop = Shop()
    (coupon,) = issue(make_offer())
    asked = {"cart": CART, "coupons": [coupon.code], "user_id": "u1"}
    answers = run_threads(lambda _: shop.send("reserve", asked), range(16))
    assert {each.status_code for each in answers} == {200}
    assert len({each.content for each in answers}) == 1
    assert len(queries.list_redemptions(code=coupon.code)) == 1
    assert all(proof.holds for proof in prove_zero())


def test_the_document_names_every_operation(shop):
    document = shop.client.get("/v1/coupons/openapi.json").json()
    assert sorted(document["paths"]) == [
        f"/v1/coupons/{name}" for name in ("redeem", "reserve", "rollback", "validate")
    ]
    for operation in document["paths"].values():
        name = operation["post"]["requestBody"]["content"]["application/json"]["schema"]["$ref"].rsplit("/", 1)[1]
        assert name in document["components"]["schemas"]


def test_the_examples_of_the_guide_work_as_they_stand(shop):
    (coupon,) = issue(make_offer(face=1000))
    text = (Path(settings.ROOT) / "docs/how-to/redeem-coupons.md").read_text()
    values = {"SHOP": "", "KEY": shop.key, "CODE": coupon.code, "RESERVATION": ""}
    answers = []
    for example in re.findall(r"```sh\n(curl .*?)```", text, re.DOTALL):
        for name, value in values.items():
            example = example.replace(f"${name}", value)
        words = shlex.split(example)
        headers = dict(words[n + 1].split(": ", 1) for n, word in enumerate(words) if word == "-H")
        content_type = headers.pop("content-type")
        response = shop.client.post(words[2], words[words.index("-d") + 1], content_type=content_type, headers=headers)
        assert response.status_code == 200, response.content
        answers.append(response.json())
        values["RESERVATION"] = answers[-1].get("reservation", values["RESERVATION"])
    assert [answers[0]["discount_minor"], answers[1]["discount_minor"]] == [1000, 1000]
    assert answers[2]["coupons"][0]["state"] == "redeemed"
    assert answers[3]["coupons"][0]["refunded_now_minor"] == 226
    assert Coupon.objects.get(code=coupon.code).order_key == "A-1001"


def test_answers_are_kept_for_the_days_that_are_set_and_not_longer(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(settings, "ANSWER_DAYS", 30)
    for key in ("k1", "k2"):
        services.answer_once(shop="web", key=key, body_hash="h", act=dict, tell=lambda _error: {}, now=NOW)
    n_answers = CheckoutAnswer.objects.count()
    assert services.drop_old_answers(now=NOW + timedelta(days=30)) == 0
    later = NOW + timedelta(days=30, seconds=1)
    assert services.drop_old_answers(now=later, limit=1) == 1
    assert services.drop_old_answers(now=later) == n_answers - 1
