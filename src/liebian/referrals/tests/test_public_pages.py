"""The friend's and the inviter's pages, in Chinese and English, when all goes well and when it does not."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from liebian.core import clock
from liebian.events import queries as events
from liebian.referrals import queries, services
from liebian.referrals.models import Referral
from liebian.referrals.tests.shop import T0, Shop
from liebian.referrals.types import ProgrammeView

pytestmark = pytest.mark.django_db(databases="__all__")
GOOD = {"contact": "138 0013 8001", "terms": "on"}
LANGUAGES = ["zh-hans", "en"]


@pytest.fixture
def shop(monkeypatch: pytest.MonkeyPatch) -> Shop:
    at(monkeypatch, T0)
    return Shop(monkeypatch)


def at(monkeypatch: pytest.MonkeyPatch, moment: datetime) -> None:
    monkeypatch.setattr(clock, "now", lambda: moment)


@pytest.fixture
def programme(shop: Shop) -> ProgrammeView:
    anna = shop.customer("anna", name="林晚秋", phone="13812346021")
    return shop.programme(anna, at=T0 - timedelta(days=3))


def code_of(shop: Shop, programme: ProgrammeView) -> str:
    return shop.code(programme, shop.id_of("anna"))


def speaks(language: str) -> dict[str, str]:
    return {"HTTP_ACCEPT_LANGUAGE": language}


def test_the_page_says_what_both_get_and_nothing_personal(client: Client, shop: Shop, programme: ProgrammeView) -> None:
    response = client.get(f"/r/{code_of(shop, programme).lower()}", **speaks("en"))
    text = response.content.decode()
    assert response.status_code == 200
    assert "Your friend *秋 gives you ¥20 off" in text and "your friend gets 300 points" in text
    for secret in ("林", "138****", "6021", "13812346021"):
        assert secret not in text
    assert text.count('type="checkbox"') == 2 and " checked" not in text
    assert "<script" not in text
    assert response.cookies["lb_visitor"]["httponly"]


def test_a_friend_signs_up_and_is_bound(client: Client, shop: Shop, programme: ProgrammeView) -> None:
    code = code_of(shop, programme)
    client.get(f"/r/{code}?c=wechat")
    response = client.post(f"/r/{code}?c=wechat", {**GOOD, "name": "贝贝"}, **speaks("en"))
    assert response.status_code == 302 and response["Location"] == f"/r/{code}/welcome"
    shop.run()
    row = Referral.objects.get()
    assert (row.state, row.referrer_id, row.channel) == ("bound", shop.id_of("anna"), "wechat")
    signed = next(e for e in events.list_events_after(0, 1000) if e.name == "Referral Signed Up")
    assert signed.personal == {"phone": "+8613800138001"} and "phone" not in signed.properties
    assert signed.properties["marketing"] is False and signed.properties["consent"]
    again = client.post(f"/r/{code}", GOOD, **speaks("en"))
    assert again["Location"].endswith("?again=1")
    assert "already signed up" in client.get(again["Location"], **speaks("en")).content.decode()
    assert queries.count_people(programme.id, "opened", as_of=T0 + timedelta(days=1)) == 1


@pytest.mark.parametrize("language", LANGUAGES)
def test_errors_stand_at_the_field_and_what_was_typed_stays(
    client: Client, shop: Shop, programme: ProgrammeView, language: str
) -> None:
    response = client.post(f"/r/{code_of(shop, programme)}", {"contact": "1380013"}, **speaks(language))
    text = response.content.decode()
    assert response.status_code == 422
    assert 'value="1380013"' in text and 'aria-describedby="contact_error"' in text
    if language == "en":
        assert "A number in China has 11 digits" in text and "Tick the box to go on" in text
    else:
        assert "11 位" in text and "请勾选" in text


WORDS = {
    "code_not_found": {"en": "We do not know the code", "zh-hans": "没有找到邀请码"},
    "not_started": {"en": "This has not started yet", "zh-hans": "还没"},
    "code_expired": {"en": "It ended on", "zh-hans": "结束"},
    "programme_not_running": {"en": "We have paused it", "zh-hans": "暂停"},
    "campaign_budget": {"en": "The budget was used up before you signed up", "zh-hans": "预算"},
    "self_referral": {"en": "This link is yours", "zh-hans": "这是你自己的链接"},
    "already_customer": {"en": "You know us already", "zh-hans": "你已经是我们的老朋友"},
    "already_referred": {"en": "The first invitation counts", "zh-hans": "以第一次邀请为准"},
}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("reason", WORDS)
def test_every_no_is_said_in_words(
    client: Client, shop: Shop, programme: ProgrammeView, monkeypatch: pytest.MonkeyPatch, reason: str, language: str
) -> None:
    code, contact = code_of(shop, programme), GOOD["contact"]
    if reason == "code_not_found":
        code = "NOSUCH2"
    elif reason == "not_started":
        at(monkeypatch, T0 - timedelta(days=1))
    elif reason == "code_expired":
        at(monkeypatch, datetime(2026, 6, 30, 16, 0, tzinfo=UTC))
    elif reason == "programme_not_running":
        services.pause_programme(programme_id=programme.id, actor=None, now=T0 - timedelta(hours=1))
    elif reason == "campaign_budget":
        monkeypatch.setattr("liebian.referrals.services.public.count_pairs_left", lambda programme: 0)
    elif reason == "self_referral":
        contact = "+86 138 1234 6021"
    elif reason == "already_customer":
        shop.customer("ben", phone="13800138001")
    else:
        carl = shop.customer("carl")
        other = shop.programme(carl, shop.id_of("anna"), at=T0 - timedelta(days=2))
        code = shop.code(other, shop.id_of("anna"))
        shop.sign_up("ben", shop.code(other, carl), phone="13800138001")
        shop.run()
    response = client.post(f"/r/{code}", {"contact": contact, "terms": "on"}, **speaks(language))
    assert response.status_code == (404 if reason == "code_not_found" else 409)
    assert WORDS[reason][language] in response.content.decode()


def test_a_budget_that_ran_out_is_said_before_anybody_types(client: Client, shop: Shop) -> None:
    anna = shop.customer("anna")
    programme = shop.programme(anna, budget_minor=5000, at=T0 - timedelta(days=1))
    code = shop.code(programme, anna)
    shop.sign_up("ben", code)
    shop.order("ben", "o1", 120, at=T0)
    shop.run()
    text = client.get(f"/r/{code}", **speaks("en")).content.decode()
    assert "The rewards of this offer are all given out" in text and 'name="contact"' not in text


def test_the_inviter_sees_what_became_of_each_friend(client: Client, shop: Shop, programme: ProgrammeView) -> None:
    code = code_of(shop, programme)
    shop.sign_up("ben", code)
    shop.say({"type": "identify", "userId": "ben", "traits": {"name": "许安宁", "phone": "13911112222"}})
    shop.order("ben", "o1", 120, at=T0 + timedelta(hours=1))
    shop.sign_up("cleo", code)
    shop.run()
    address = f"/p/{queries.token_of(code)}"
    text = client.get(address, **speaks("en")).content.decode()
    assert "许*宁" in text and "300 points comes on" in text and "No order yet" in text
    assert "13911112222" not in text and "¥120" not in text and "安" not in text
    assert f"http://testserver/r/{code}" in text and "<svg" in text
    shared = client.post(f"{address}/share", follow=True, **speaks("en")).content.decode()
    assert "If you join, I get 300 points." in shared
    shop.run()
    soon = T0 + timedelta(days=1)
    assert queries.count_people(programme.id, "viewed", as_of=soon) == 1
    assert queries.count_people(programme.id, "shared", as_of=soon) == 1


def test_the_inviters_page_copies_and_shares_with_script_and_reads_without(
    client: Client, shop: Shop, programme: ProgrammeView
) -> None:
    address = f"/p/{queries.token_of(code_of(shop, programme))}"
    text = client.get(address, **speaks("en")).content.decode()
    assert 'src="/static/referrals/phone.js"' in text and text.count("<script") == 1
    assert re.search(r'<button [^>]*type="button" hidden[^>]*data-copy="link"[^>]*>Copy</button>', text)
    assert re.search(r'<form method="post"[^>]*/share"[^>]*data-share="[^"]*If you join, I get 300 points\.', text)
    shared = client.get(f"{address}?shared=1", **speaks("zh-hans")).content.decode()
    assert 'data-copy="text"' in shared and ">复制</button>" in shared


def test_the_inviters_address_cannot_be_guessed(client: Client, shop: Shop, programme: ProgrammeView) -> None:
    code = code_of(shop, programme)
    token = queries.token_of(code)
    for wrong in (code, f"{code}-", token[:-1], token[:-1] + ("a" if token[-1] != "a" else "b"), "x"):
        response = client.get(f"/p/{wrong}", **speaks("en"))
        assert response.status_code == 404 and "This address is not complete" in response.content.decode()


def test_the_qr_code_holds_the_link(client: Client, shop: Shop, programme: ProgrammeView) -> None:
    response = client.get(f"/r/{code_of(shop, programme)}/qr.svg")
    assert response["Content-Type"] == "image/svg+xml" and response.content.startswith(b"<svg")
    assert client.get("/r/NOSUCH2/qr.svg").status_code == 404
