"""The points API: what shops do with points, what they are told, and that nobody spends a point twice."""

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
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from liebian.customers.models import Customer
from liebian.customers.queries import people
from liebian.customers.types import Merge
from liebian.ledger.tests.support import prove_zero, run_threads
from liebian.rewards import queries, services
from liebian.rewards.tests.factories import NOW
from liebian.rewards.tests.points_api import Shop, Watch, know_users
from liebian.rewards.tests.points_shop import set_terms, start_day

pytestmark = pytest.mark.django_db(databases="__all__")


@pytest.fixture(autouse=True)
def watch(monkeypatch) -> Watch:
    return know_users(monkeypatch)


@pytest.fixture
def shop() -> Shop:
    set_terms()
    return Shop()


@pytest.fixture(autouse=True)
def _everything_adds_up():
    yield
    assert all(proof.holds for proof in prove_zero())
    assert queries.prove_lots() == []


def refusal(told: dict[str, Any]) -> str:
    assert told["error"]["code"] == "points_refused"
    return str(told["error"]["details"]["reason"])


def test_points_are_earned_set_aside_used_and_given_back(shop):
    assert shop.earn(500, order_id="A-1")["state"] == "active"
    held = shop.act("reserve", user_id="u1", points=300, order_id="A-2", hold_seconds=60)
    assert held["held_until"] == "2026-06-01T04:01:00Z"
    assert [shop.has()[name] for name in ("active", "spendable", "reserved")] == [200, 200, 300]
    assert shop.act("use", spending=held["spending"], points=250)["points"] == 250
    assert [shop.has()[name] for name in ("active", "reserved")] == [250, 0]
    assert shop.act("restore", spending=held["spending"], total=100)["points"] == 100
    assert shop.act("restore", spending=held["spending"], total=100)["points"] == 100, "the total is what counts"
    assert shop.act("restore", spending=held["spending"])["points"] == 250
    assert shop.has()["active"] == 500
    kinds = [(each["kind"], each["active"], each["order_id"]) for each in shop.look("history")["movements"]]
    assert kinds == [
        ("restore", 150, "A-2"),
        ("restore", 100, "A-2"),
        ("burn", 50, "A-2"),
        ("reserve", -300, "A-2"),
        ("earn", 500, "A-1"),
    ]


def test_points_wait_as_the_shop_says_and_multiply_as_the_terms_say(shop, watch):
    services.set_points_terms(
        asset="POINTS:vip/0", terms=queries.get_points_terms("POINTS:vip/0", NOW), actor=1, now=NOW
    )
    factors = [{"name": "double day", "bp": 20_000}, {"name": "gold", "bp": 15_000}]
    until = NOW + timedelta(days=14)
    told = shop.earn(101, programme="vip", multipliers=factors, active_from=until.isoformat())
    assert (told["points"], told["state"]) == (252, "pending")
    assert [shop.has("vip")[name] for name in ("active", "pending")] == [0, 252]
    assert (
        shop.act("burn", 409, user_id="u1", points=1, programme="vip")["error"]["details"]["reason"] == "points_short"
    )
    watch.now = until
    start_day(until)
    assert [shop.has("vip")[name] for name in ("active", "pending")] == [252, 0]
    assert [each["programme"] for each in shop.look("balance")["programmes"]] == ["", "vip"]
    assert shop.has()["active"] == 0, "the general points are others"


def test_what_ends_next_is_told_and_a_restored_burn_has_its_old_lots_and_ends(shop, watch):
    set_terms(expiry="days", expiry_count=10)
    shop.earn(100, programme="vip")
    watch.now = NOW + timedelta(days=3)
    shop.earn(50, programme="vip")
    before = shop.has("vip")
    assert (before["next_expiry"], before["next_points"]) == ("2026-06-11T16:00:00Z", 100)
    spent = shop.act("burn", user_id="u1", points=120, programme="vip")["spending"]
    assert (shop.has("vip")["next_expiry"], shop.has("vip")["next_points"]) == ("2026-06-14T16:00:00Z", 30)
    shop.act("restore", spending=spent)
    assert shop.has("vip") == before


def test_a_reservation_lapses_at_its_second_and_not_before(shop, watch):
    shop.earn(100)
    first = shop.act("reserve", user_id="u1", points=100, hold_seconds=60)["spending"]
    second_ask = {"user_id": "u1", "points": 100, "hold_seconds": 60}
    watch.now = NOW + timedelta(seconds=60) - timedelta(microseconds=1)
    assert refusal(shop.act("reserve", 409, **second_ask)) == "points_short"
    assert shop.has()["reserved"] == 100
    watch.now = NOW + timedelta(seconds=60)
    assert [shop.has()[name] for name in ("active", "reserved")] == [100, 0]
    shop.act("reserve", **second_ask)
    watch.now = NOW + timedelta(seconds=120)
    shop.act("burn", user_id="u1", points=100), "what lapsed is spent without waiting for a job"
    assert refusal(shop.act("use", 409, spending=first)) == "points_reservation_over"
    assert shop.act("release", spending=first)["points"] == 100, "it is let go already"


def test_what_cannot_be_used_twice_or_let_go(shop):
    shop.earn(100)
    name = shop.act("reserve", user_id="u1", points=60)["spending"]
    assert refusal(shop.act("restore", 409, spending=name)) == "points_not_used"
    shop.act("use", spending=name)
    assert refusal(shop.act("release", 409, spending=name)) == "points_used"
    let_go = shop.act("reserve", user_id="u1", points=40)["spending"]
    shop.act("release", spending=let_go)
    assert shop.has()["active"] == 40
    assert refusal(shop.act("use", 409, spending=let_go)) == "points_reservation_over"
    assert shop.act("use", 404, spending="nobody-knows")["error"]["code"] == "points_unknown"


def test_what_an_order_earned_is_taken_back_and_a_debt_blocks_the_cart(shop):
    set_terms(shortage="debt")
    earning = shop.earn(100, programme="vip")["earning"]
    shop.act("burn", user_id="u1", points=80, programme="vip")
    assert shop.act("take-back", earning=earning, total=30)["points"] == 30
    assert shop.act("take-back", earning=earning)["points"] == 100
    assert [shop.has("vip")[name] for name in ("active", "debt", "spendable")] == [0, 80, 0]
    shop.earn(50, programme="vip")
    refused = shop.act("burn", 409, user_id="u1", points=1, programme="vip")
    assert refusal(refused) == "points_in_debt" and shop.has("vip")["debt"] == 30
    assert shop.act("take-back", 404, earning="nobody-knows")["error"]["code"] == "points_unknown"


def test_the_same_key_has_the_same_answer_and_another_body_is_refused(shop):
    for operation, asked in [
        ("earn", {"user_id": "u1", "points": 100, "order_id": "A-1"}),
        ("reserve", {"user_id": "u1", "points": 10}),
        ("burn", {"user_id": "u1", "points": 20}),
        ("burn", {"user_id": "u1", "points": 500}),
    ]:
        key = f"{operation}-{asked['points']}"
        first = shop.send(operation, asked, key)
        assert shop.send(operation, asked, key).content == first.content
        other = shop.send(operation, {**asked, "points": asked["points"] + 1}, key)
        assert (other.status_code, other.json()["error"]["code"]) == (409, "idempotency_mismatch")
    assert [shop.has()[name] for name in ("active", "reserved")] == [70, 10]


@pytest.mark.parametrize(("language", "text"), [("en", "You do not have so many points"), ("zh-hans", "您的积分不足")])
def test_a_refusal_has_a_stable_code_and_a_text_for_the_customer(language, text):
    shop = Shop(language=language)
    told = shop.act("burn", 409, user_id="u1", points=1)["error"]
    assert (told["code"], told["details"]) == ("points_refused", {"reason": "points_short", "text": text})


def test_another_shop_does_not_reach_what_this_one_did(shop):
    other = Shop("counter")
    earning = shop.earn(100)["earning"]
    name = shop.act("reserve", user_id="u1", points=60)["spending"]
    for operation in ("use", "release", "restore"):
        assert other.act(operation, 404, spending=name)["error"]["code"] == "points_unknown"
    assert other.act("take-back", 404, earning=earning)["error"]["code"] == "points_unknown"
    assert [shop.has()[each] for each in ("active", "reserved")] == [40, 60]


def test_an_unknown_customer_or_programme_is_told_and_nothing_is_made(shop):
    for operation in ("earn", "reserve", "burn"):
        told = shop.act(operation, 404, user_id="erased", points=1)
        assert told["error"]["code"] == "customer_unknown"
        told = shop.act(operation, 404, user_id="u1", points=1, programme="typo")
        assert told["error"]["code"] == "points_programme_unknown"
    for operation in ("balance", "history"):
        assert shop.look(operation, 404, user_id="erased")["error"]["code"] == "customer_unknown"
        assert shop.look(operation, 404, programme="typo")["error"]["code"] == "points_programme_unknown"
        assert shop.look(operation, 422, user_id="")["error"]["code"] == "user_id"


def test_what_an_erased_customer_had_set_aside_ends_by_its_name(shop, monkeypatch):
    shop.earn(100)
    held = shop.act("reserve", user_id="u1", points=60)["spending"]
    monkeypatch.setattr(people, "find_customer_id", lambda *, kind, value: None)
    assert shop.act("burn", 404, user_id="u1", points=1)["error"]["code"] == "customer_unknown"
    assert shop.act("use", spending=held)["points"] == 60
    assert shop.act("restore", spending=held)["points"] == 60
    assert queries.get_points_balance(1, at=NOW).active == 100


def test_customers_who_are_one_spend_what_both_had_and_old_spendings_are_found(shop):
    shop.earn(100)
    shop.earn(70, user="u2")
    held = shop.act("reserve", user_id="u2", points=50)["spending"]
    Customer.objects.filter(pk=2).update(merged_into=1)
    services.merge_points(merges=[Merge(1, 2, 1)], at=NOW, now=NOW)
    assert shop.has(user="u2") == shop.has(user="u1")
    shop.act("burn", user_id="u2", points=120)
    shop.act("use", spending=held)
    assert [shop.has()[name] for name in ("active", "reserved")] == [0, 0]
    shop.act("restore", spending=held)
    assert shop.has()["active"] == 50


def test_history_is_read_page_by_page(shop):
    for number in range(5):
        shop.earn(number + 1)
    seen, before = [], {}
    while True:
        page = shop.look("history", limit=2, **before)
        seen += [each["active"] for each in page["movements"]]
        if page["next"] is None:
            break
        before = {"before": page["next"]}
    assert seen == [5, 4, 3, 2, 1]
    for name, value in [("limit", "0"), ("limit", "101"), ("before", "x"), ("before", "9" * 30), ("limit", "²")]:
        assert shop.look("history", 422, **{name: value})["error"]["code"] == "bad_number"


@pytest.mark.parametrize(
    ("operation", "body", "code"),
    [
        ("earn", {"user_id": "u1", "points": 0}, "bad_body"),
        ("earn", {"user_id": "u1", "points": 10**12 + 1}, "bad_body"),
        ("earn", {"user_id": "u1", "points": 1.5}, "bad_body"),
        ("earn", {"user_id": "u1", "points": 1, "active_from": "2026-07-01T00:00:00"}, "bad_body"),
        ("earn", {"user_id": "u1", "points": 1, "active_from": "9999-12-31T23:59:59Z"}, "points_active_from"),
        ("earn", {"user_id": "u1", "points": 10**12, "multipliers": [{"name": "x", "bp": 20_000}]}, "points_amount"),
        ("reserve", {"user_id": "u1", "points": 1, "hold_seconds": 0}, "bad_body"),
        ("reserve", {"user_id": "u1", "points": 1, "hold_seconds": 86_401}, "bad_body"),
        ("burn", {"user_id": "u1", "points": 1, "programme": "a/b"}, "bad_body"),
        ("use", {"spending": "x", "extra": 1}, "bad_body"),
        ("restore", {"spending": "x", "total": -1}, "bad_body"),
        ("restore", {}, "bad_body"),
    ],
)
def test_bodies_that_do_not_fit(shop, operation, body, code):
    assert shop.act(operation, 422, **body)["error"]["code"] == code


def test_more_than_was_set_aside_is_not_used(shop):
    shop.earn(100)
    name = shop.act("reserve", user_id="u1", points=60)["spending"]
    assert shop.act("use", 422, spending=name, points=61)["error"]["code"] == "points_amount"
    assert shop.has()["reserved"] == 60


def test_without_a_key_nothing_is_answered(shop):
    for operation in ("earn", "reserve", "use", "release", "burn", "restore", "take-back"):
        assert shop.send(operation, {}, "k", authorization="").status_code == 401
        assert shop.send(operation, b"{", "k").status_code == 400
        assert shop.client.get(f"/v1/points/{operation}").status_code == 405
    for operation in ("balance", "history"):
        assert shop.client.get(f"/v1/points/{operation}", {"user_id": "u1"}).status_code == 401
    assert shop.send("burn", {"user_id": "u1", "points": 1}, "").json()["error"]["code"] == "idempotency_key"


BODIES: dict[str, Any] = {
    "earn": {"user_id": "u1", "points": 77, "order_id": "ABCD", "multipliers": [{"name": "ABCD", "bp": 15_000}]},
    "reserve": {"user_id": "u1", "points": 77, "hold_seconds": 60},
    "burn": {"user_id": "u1", "points": 77, "programme": "vip"},
    "use": {"spending": "ABCD", "points": 77},
    "restore": {"spending": "ABCD", "total": 77},
    "take-back": {"earning": "ABCD", "total": 77},
    "release": {"spending": "ABCD"},
}
_NUMBERS = [b"-1", b"1e400", b"9" * 40, b"1.5", b"NaN", b"null", b"true", b'"x"', b"1000000000000"]
_WORDS = [rb"\u0000", rb"\ud800", b"\xff\xfe", b"A" * 5000, "码".encode(), b""]


def _mutate(raw: bytes, chance: random.Random) -> bytes:
    place = chance.randrange(len(raw) + 1)
    return chance.choice(
        [
            raw[:place],
            raw[:place] + bytes([chance.randrange(256)]) + raw[place + 1 :],
            raw.replace(b"77", chance.choice(_NUMBERS)),
            raw.replace(b"ABCD", chance.choice(_WORDS)),
            b"[" * chance.randrange(1, 3000) + raw,
            chance.choice([b"", b"null", b"[]", b"0", raw * 2]),
        ]
    )


@given(seed=st.integers(0, 2**32))
@hypothesis_settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
def test_mutated_bodies_are_refused_or_answered_and_never_break_anything(seed, shop):
    chance = random.Random(seed)
    operation = chance.choice(list(BODIES))
    raw = json.dumps(BODIES[operation]).encode()
    for _ in range(chance.randrange(1, 4)):
        raw = _mutate(raw, chance)
    response = shop.send(operation, raw, f"k{seed}")
    assert response.status_code < 500, (raw, response.content)
    if response.status_code != 200:
        assert response.json()["error"]["code"]


def test_the_document_names_every_operation(shop):
    document = shop.client.get("/v1/points/openapi.json").json()
    assert sorted(document["paths"]) == sorted(f"/v1/points/{name}" for name in (*BODIES, "balance", "history"))


def test_a_spending_takes_as_many_statements_from_ten_lots_as_from_one(shop):
    def count(points: int) -> int:
        with CaptureQueriesContext(connection) as seen:
            shop.act("burn", user_id="u1", points=points)
        return len(seen)

    shop.earn(10)
    shop.act("burn", user_id="u1", points=1)
    one = count(1)
    for _ in range(10):
        shop.earn(10)
    assert count(100) <= one + 1


def test_the_examples_of_the_guide_work_as_they_stand(shop):
    text = (Path(settings.ROOT) / "docs/how-to/points.md").read_text()
    values = {"SHOP": "", "KEY": shop.key}
    answers = []
    for example in re.findall(r"```sh\n(curl .*?)```", text, re.DOTALL):
        for name, value in values.items():
            example = example.replace(f"${name}", value)
        words = shlex.split(example)
        headers = dict(words[n + 1].split(": ", 1) for n, word in enumerate(words) if word == "-H")
        content_type = headers.pop("content-type", "")
        if "-d" in words:
            body = words[words.index("-d") + 1]
            response = shop.client.post(words[2], body, content_type=content_type, headers=headers)
        else:
            response = shop.client.get(words[2], headers=headers)
        assert response.status_code == 200, response.content
        answers.append(response.json())
        values |= {each.upper(): answers[-1][each] for each in ("spending", "earning") if each in answers[-1]}
    assert [each.get("points") for each in answers[:7]] == [288, None, 200, 200, 150, 100, 288]
    assert shop.has()["active"] == 0


@pytest.mark.django_db(transaction=True, databases="__all__")
def test_one_key_from_16_threads_is_one_spending(shop):
    shop.earn(100)
    asked = {"user_id": "u1", "points": 30}
    answers = run_threads(lambda _: shop.send("burn", asked, "once"), range(16))
    assert {each.status_code for each in answers} == {200}
    assert len({each.content for each in answers}) == 1
    assert shop.has()["active"] == 70


@pytest.mark.django_db(transaction=True, databases="__all__")
def test_50_carts_at_once_do_not_spend_more_than_there_is(shop):
    for _ in range(3):
        shop.earn(10)

    def ask(number: int):
        return shop.send("reserve" if number % 2 else "burn", {"user_id": "u1", "points": 10}, f"cart-{number}")

    answers = run_threads(ask, range(50))
    assert sorted(each.status_code for each in answers) == [200] * 3 + [409] * 47
    assert shop.has()["active"] == 0
