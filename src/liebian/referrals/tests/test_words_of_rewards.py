"""What programmes made and decided reads in the language of whoever looks: what was checked, and what the rewards are called."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from liebian.core import clock
from liebian.referrals.tests.shop import T0, Shop
from liebian.referrals.tests.test_staff_pages import signed_in
from liebian.rewards import queries as rewards
from liebian.rewards import services as reward_services
from liebian.rewards.types import OfferDraft, RewardView

pytestmark = pytest.mark.django_db(databases="__all__")
DAY = timedelta(days=1)


@pytest.fixture
def shop(monkeypatch: pytest.MonkeyPatch) -> Shop:
    monkeypatch.setattr(clock, "now", lambda: T0 + 20 * DAY)
    return Shop(monkeypatch)


@pytest.fixture
def given(shop: Shop) -> dict[str, RewardView]:
    """By role, the rewards of one friend's order at 19:30 in Shanghai."""
    anna = shop.customer("anna")
    programme = shop.programme(anna)
    shop.sign_up("ben", shop.code(programme, anna))
    shop.order("ben", "B-1", 128, at=T0 + timedelta(hours=9, minutes=30))
    shop.run()
    return {each.role: each for each in rewards.list_rewards(programme_id=programme.id)}


def read(client: Client, address: str, language: str) -> str:
    response = client.get(address, headers={"accept-language": language})
    assert response.status_code == 200, response.content.decode()[:2000]
    return response.content.decode()


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ["The friend had not been here before", "signed up 1 Jun 2026 10:00", "ordered 1 Jun 2026 19:30",
                "period 1 Jun 2026 to 30 Jun 2026", "¥128.00 paid, at least ¥99.00", "Limit of the inviter", "9 of 10 left"]),
        ("zh-hans", ["朋友以前没来过", "登记时间 2026年6月1日 10:00", "下单时间 2026年6月1日 19:30", "活动期 2026年6月1日 至 2026年6月30日",
                     "实付 ¥128.00，至少 ¥99.00", "推荐人上限"]),
    ],
)  # fmt: skip
def test_what_was_checked_is_said_in_words_and_local_times(
    client: Client, given: dict[str, RewardView], language: str, words: list[str]
) -> None:
    page = read(signed_in(client, "operator"), f"/rewards/{given['referrer'].id}", language)
    assert [each for each in words if each not in page] == []
    codes = ["already_customer", "below_min_order", "person.ever.count", "bound_at", "2026-06-01T"]
    assert [each for each in codes if each in page] == []


def test_a_reward_without_a_name_is_called_by_its_terms_in_the_readers_language(
    client: Client, given: dict[str, RewardView]
) -> None:
    """Stored names stay what they were, so those of earlier days come out right as well."""
    coupon, staff = given["friend"], signed_in(client, "operator")
    assert coupon.offer.name == "¥20.00 coupon from ¥99.00"
    for address in (f"/rewards/{coupon.id}", "/rewards/coupons", f"/customers/{coupon.customer_id}/rewards-panel"):
        chinese = read(staff, address, "zh-hans")
        assert "满 ¥99.00 减 ¥20.00 优惠券" in chinese and "coupon from" not in chinese, address
        assert "¥20.00 coupon from ¥99.00" in read(staff, address, "en"), address
    panel = read(staff, f"/customers/{given['referrer'].customer_id}/rewards-panel", "zh-hans")
    assert "300 积分" in panel and "300 points" not in panel


def test_the_ledger_calls_a_coupon_as_the_reader_does(client: Client, given: dict[str, RewardView], shop: Shop) -> None:
    shop.day("2026-06-08")
    shop.run()
    staff, account = (
        signed_in(client, "administrator"),
        f"coupons:{given['friend'].customer_id}:{given['friend'].offer.id}",
    )
    assert "满 ¥99.00 减 ¥20.00 优惠券" in read(staff, f"/ledger/accounts/{account}", "zh-hans")
    assert "¥20.00 coupon from ¥99.00" in read(staff, f"/ledger/accounts/{account}", "en")


def test_a_name_that_somebody_gave_stays(client: Client) -> None:
    draft = OfferDraft("coupon", "VIP coupon from Anna", "CNY", 2000, face_minor=2000, valid_days=14)
    reward_services.create_offer(draft=draft, now=T0)
    assert "VIP coupon from Anna" in read(signed_in(client, "operator"), "/rewards/coupons", "zh-hans")
