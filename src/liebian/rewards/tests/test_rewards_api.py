"""What a shop is told of one customer's rewards: how far each has come, in words, and codes while they can be used."""

from __future__ import annotations

import re
import shlex
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from liebian.access.models import AuditEntry
from liebian.core import clock
from liebian.customers import queries as customers
from liebian.customers.queries import people
from liebian.customers.tests.factories import make_customer, store_customers
from liebian.rewards import queries, services
from liebian.rewards.services.shop_keys import CALLS_A_MINUTE
from liebian.rewards.tests.coupon_shop import issue, make_offer, redeem, reserve
from liebian.rewards.tests.factories import HOLD, NOW, make_budget, make_grant, make_points
from liebian.rewards.tests.gift_shop import make_gift, promise, refund, restock, send
from liebian.rewards.types import OfferDraft, PrivilegeTerms

pytestmark = pytest.mark.django_db(databases="__all__")


@pytest.fixture(autouse=True)
def _at_noon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOW)
    known = {"u1": 1001, "u2": 1002}
    monkeypatch.setattr(people, "find_customer_id", lambda *, kind, value: known.get(value))
    store_customers([make_customer(number) for number in (1001, 1002)])


@pytest.fixture
def key() -> str:
    return services.create_shop_key(name="web", actor_id=None, now=NOW)[1]


def ask(key: str, status: int = 200, *, language: str = "en", user: str = "u1", **more: Any) -> Any:
    headers = {"authorization": f"Bearer {key}", "accept-language": language}
    response = Client().get("/v1/rewards", {"user_id": user, **more}, headers=headers)
    assert response.status_code == status, response.content
    return response.json() if status == 200 else response.json()["error"]["code"]


def only(key: str, **more: Any) -> dict[str, Any]:
    [reward] = ask(key, **more)["rewards"]
    return dict(reward)


def test_a_coupon_comes_with_its_code_and_terms(key: str) -> None:
    [coupon] = issue(make_offer(face=2000))
    told = only(key)
    assert (told["kind"], told["state"], told["words"], told["code"]) == (
        "coupon",
        "received",
        "It is yours",
        coupon.code,
    )
    assert told["coupon"] == {
        "state": "issued", "value_minor": 2000, "threshold_minor": coupon.offer.threshold_minor, "currency": "CNY",
        "ends_at": coupon.expires_at.isoformat(),
    }  # fmt: skip
    assert only(key, language="zh-hans")["words"] == "已到账"
    assert ask(key, user="u2")["rewards"] == []


def test_a_code_is_told_only_while_it_can_be_used(key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    [coupon] = issue(make_offer(days=30))
    with monkeypatch.context() as later:
        later.setattr(clock, "now", lambda: coupon.expires_at)
        assert only(key)["code"] == ""
        later.setattr(clock, "now", lambda: coupon.expires_at - timedelta(seconds=1))
        assert only(key)["code"] == coupon.code
    reserve(coupon.code)
    redeem()
    used = only(key)
    assert (used["code"], used["coupon"]["state"], coupon.code in str(used)) == ("", "redeemed", False)


def test_a_coupon_that_was_taken_back_has_no_code(key: str) -> None:
    issue(make_offer())
    refund()
    told = only(key)
    assert (told["state"], told["code"], told["reason"], told["why"]) == (
        "taken_back", "", "order_refunded", "The order was returned",
    )  # fmt: skip
    assert only(key, language="zh-hans")["why"].isascii() is False


def test_what_is_promised_has_no_code_and_says_its_day(key: str) -> None:
    grant = make_grant(make_budget(funded=1000), 1, ("referee", make_points()))
    services.grant_pairs(grants=[grant], now=NOW)
    told = only(key)
    assert (told["state"], told["due_on"], told["amount"], told["code"]) == ("waiting", HOLD.isoformat(), 1000, "")


def test_a_virtual_gift_comes_with_its_code_until_it_is_taken_back(key: str) -> None:
    card = services.create_offer(draft=OfferDraft("code", "Cinema card", "CNY", 1000), now=NOW)
    pool = services.create_pool(offer_id=card.id, name="June", kind="rewards", low_at=0, now=NOW)
    services.import_codes(pool_id=pool.id, rows=[(2, "aB3$-x/9")], idempotency_key="1", now=NOW)
    promise(card)
    assert only(key)["code"] == "aB3$-x/9"
    refund()
    assert only(key)["code"] == ""


def test_a_gift_says_where_it_is_and_a_privilege_its_days(key: str) -> None:
    gift = make_gift()
    restock(gift, 1)
    [reward] = promise(gift)
    send(reward)
    told = only(key)
    assert (told["state"], told["gift"]["state"], told["gift"]["tracking"]) == ("coming", "shipped", f"SF{reward.id}")
    assert "文三路" not in str(told)
    draft = OfferDraft("privilege", "Gold", "CNY", 100, valid_days=30, privilege=PrivilegeTerms("level", "gold"))
    promise(services.create_offer(draft=draft, now=NOW), start=2)
    days = {"privilege": "level", "subject": "gold", "starts_on": "2026-06-08", "ends_on": "2026-07-08"}
    assert only(key, user="u2")["privilege"] == days


def test_a_gift_that_waits_for_stock_is_not_said_to_be_given_out(key: str) -> None:
    promise(make_gift())
    told = only(key)
    assert (told["state"], told["reason"], told["why"]) == (
        "coming", "stock_awaited", "It comes as soon as it is in stock again",
    )  # fmt: skip


def test_pages_are_walked_by_key_and_end(key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    budget, offer = make_budget(funded=5000), make_points()
    for number in range(1, 6):
        services.grant_pairs(grants=[make_grant(budget, number, ("referrer", offer))], now=NOW)
    monkeypatch.setattr(people, "find_customer_id", lambda *, kind, value: 1)
    store_customers([make_customer(1)])
    first = ask(key, limit="2")
    second = ask(key, limit="2", before=str(first["next"]))
    last = ask(key, limit="2", before=str(second["next"]))
    seen = [each["reward"] for page in (first, second, last) for each in page["rewards"]]
    assert len(seen) == 5 and seen == sorted(set(seen), reverse=True) and last["next"] is None


def test_who_saw_codes_is_written_down_and_nothing_where_there_were_none(key: str) -> None:
    grant = make_grant(make_budget(funded=1000), 2, ("referee", make_points()))
    services.grant_pairs(grants=[grant], now=NOW)
    ask(key, user="u2")
    trail = AuditEntry.objects.filter(action="reward_codes.told")
    assert not trail.exists()
    [coupon] = issue(make_offer())
    ask(key)
    assert [(each.subject, each.details) for each in trail] == [
        ("customer:1001", {"shop": "web", "rewards": [coupon.reward_id]})
    ]


def test_rewards_under_a_merged_id_are_told_to_whoever_they_turned_out_to_be(
    key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    [coupon] = issue(make_offer())
    monkeypatch.setattr(customers, "list_ids_of", lambda key: [key, 1001] if key == 1002 else [key])
    assert only(key, user="u2")["code"] == coupon.code


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"user": "nobody"}, (404, "customer_unknown")),
        ({"user": ""}, (422, "user_id")),
        ({"before": "x"}, (422, "before")),
        ({"before": "0"}, (422, "before")),
        ({"limit": "101"}, (422, "limit")),
        ({"limit": "-1"}, (422, "limit")),
    ],
)
def test_bad_questions_are_told_what_is_wrong(key: str, more: dict[str, str], code: tuple[int, str]) -> None:
    assert ask(key, code[0], **more) == code[1]


def test_only_a_shop_that_is_on_may_ask_and_not_without_end(key: str) -> None:
    assert ask("sk_wrong", 401) == "shop_key"
    [shop] = [each.id for each in queries.list_shop_keys()]
    services.set_shop_key_enabled(key_id=shop, is_enabled=False, actor_id=None, now=NOW)
    assert ask(key, 401) == "shop_key"
    services.set_shop_key_enabled(key_id=shop, is_enabled=True, actor_id=None, now=NOW)
    for _call in range(CALLS_A_MINUTE):
        services.admit_shop(key=key, now=NOW)
    assert ask(key, 429) == "too_many_calls"


def test_the_example_of_the_guide_works_as_it_stands(key: str) -> None:
    [coupon] = issue(make_offer())
    text = (Path(settings.ROOT) / "docs/how-to/show-rewards.md").read_text()
    [example] = re.findall(r"```sh\n(curl .*?)```", text, re.DOTALL)
    words = shlex.split(example.replace("$SHOP", "").replace("$KEY", key))
    headers = dict(words[n + 1].split(": ", 1) for n, word in enumerate(words) if word == "-H")
    response = Client().get(next(word for word in words if word.startswith("/v1/")), headers=headers)
    assert response.status_code == 200 and response.json()["rewards"][0]["code"] == coupon.code
    assert set(re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE)) >= set(response.json()["rewards"][0])


def test_the_document_has_the_operation() -> None:
    document = Client().get("/v1/rewards/openapi.json").json()
    assert document["paths"]["/v1/rewards"]["get"]["operationId"] == "rewards"
    assert {"OwnRewards", "OwnCoupon"} <= set(document["components"]["schemas"])
