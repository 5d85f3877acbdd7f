"""A programme gives any coupon that was made with all its terms; its pages say what it is, its pool is checked first."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.test import Client

from liebian.core import clock
from liebian.core.errors import Invalid
from liebian.referrals.models import Programme
from liebian.referrals.tests.shop import T0, Shop, decisions
from liebian.referrals.tests.test_staff_pages import EN, STEPS, page, signed_in
from liebian.rewards import queries as rewards
from liebian.rewards import services as reward_services
from liebian.rewards.types import CouponTerms, OfferDraft, OfferView

pytestmark = pytest.mark.django_db(databases="__all__")


@pytest.fixture
def shop(monkeypatch: pytest.MonkeyPatch) -> Shop:
    monkeypatch.setattr(clock, "now", lambda: T0)
    return Shop(monkeypatch)


def make(name: str, *, cost: int = 3000, days: int = 30, threshold: int = 0, **terms: Any) -> OfferView:
    said = CouponTerms(**terms)
    draft = OfferDraft("coupon", name, "CNY", cost, threshold_minor=threshold, valid_days=days, terms=said,
                       face_minor=cost if said.effect == "fixed" else 0)  # fmt: skip
    return reward_services.create_offer(draft=draft, now=T0)


def choice(offer: OfferView) -> dict[str, Any]:
    return {
        "friend_kind": "made",
        "friend_offer_id": offer.id,
        "friend_cost_minor": offer.cost_minor,
        "friend_face_minor": None,
    }


def test_a_programme_may_have_a_person_approve_what_its_rules_would_give(shop: Shop) -> None:
    offer, anna = make("Autumn"), shop.customer("anna")
    programme = shop.programme(anna, **choice(offer), needs_approval=True)
    shop.sign_up("ben", shop.code(programme, anna))
    shop.order("ben", "o1", 120, at=T0)
    shop.day("2026-06-09")
    shop.run()
    waiting = rewards.list_rewards(programme_id=programme.id)
    assert {reward.state for reward in waiting} == {"pending"} and len(waiting) == 2
    assert rewards.list_coupons(shop.id_of("ben")) == []
    reward_services.propose_review(
        act="approve", reward_ids=[each.id for each in waiting], reason="checked", note="", key="1", actor=1,
        day=date(2026, 6, 9), now=T0,
    )  # fmt: skip
    assert [coupon.offer.name for coupon in rewards.list_coupons(shop.id_of("ben"))] == ["Autumn"]


@pytest.mark.parametrize(
    ("terms", "words"),
    [
        ({"effect": "percent", "percent_bp": 1500, "cap_minor": 3000}, "15% off, at most ¥30"),
        ({"effect": "shipping", "cap_minor": 3000}, "free shipping up to ¥30"),
        ({"effect": "gift", "gift_product": "tea-tin"}, "tea-tin for free"),
        ({"effect": "fixed"}, "¥30 off"),
    ],
)
def test_the_chosen_coupon_is_what_the_friend_is_promised_and_gets(
    client: Client, shop: Shop, terms: dict[str, Any], words: str
) -> None:
    offer, anna = make("Autumn", threshold=9900, **terms), shop.customer("anna")
    programme = shop.programme(anna, **choice(offer))
    assert programme.friend_offer_id == offer.id, "the same terms are the same offer"
    text = client.get(f"/r/{shop.code(programme, anna)}", **EN).content.decode()
    assert f"A friend gives you {words}" in text or f"gives you {words}" in text
    assert f"A coupon for {words}, for an order of at least ¥99, valid for 30 days." in text
    shop.sign_up("ben", shop.code(programme, anna))
    shop.order("ben", "o1", 120, at=T0)
    shop.day("2026-06-09")
    shop.run()
    [coupon] = rewards.list_coupons(shop.id_of("ben"))
    assert coupon.offer.terms == offer.terms and decisions("o1")["friend"] == ("granted", "")


def test_a_pool_without_codes_blocks_publishing_and_an_emptied_one_refuses_at_once(client: Client, shop: Shop) -> None:
    offer, anna = make("Pooled", codes="pool"), shop.customer("anna")
    pool = reward_services.create_pool(offer_id=offer.id, name="P", kind="rewards", low_at=0, now=T0)
    with pytest.raises(Invalid) as refused:
        shop.programme(anna, **choice(offer))
    assert refused.value.details["codes"] == ["STOCK_EMPTY"]
    reward_services.generate_codes(pool_id=pool.id, n_codes=1, prefix="", length=9, idempotency_key="1", now=T0)
    programme = shop.programme(anna, **choice(offer))
    for number in range(2):
        shop.sign_up(f"f{number}", shop.code(programme, anna))
        shop.order(f"f{number}", f"o{number}", 120, at=T0)
    shop.run()
    assert [decisions(f"o{n}")["friend"] for n in (0, 1)] == [("granted", ""), ("refused", "stock_empty")]
    assert decisions("o1")["referrer"] == ("granted", "")


def test_the_wizard_offers_coupons_of_its_currency_and_reads_them_aloud(client: Client, shop: Shop) -> None:
    shop.target = [1]
    ends = datetime(2026, 6, 20, 16, tzinfo=UTC)
    offer = make("Autumn", effect="percent", percent_bp=1250, cap_minor=3000, days=0, ends_at=ends)
    signed_in(client, "operator")
    client.post("/referrals/new", {"name": "Dragon boat", "segment": "1"}, **EN)
    address = f"/referrals/{Programme.objects.get().pk}/edit"
    said = {**STEPS["rewards"], "friend_kind": "made", "friend_offer_id": ""}
    missing = client.post(f"{address}/rewards", said, **EN)
    assert missing.status_code == 422 and "Choose what is given" in missing.content.decode()
    assert "Autumn · 12.50% off, at most ¥30" in page(client, f"{address}/rewards")
    assert client.post(f"{address}/rewards", {**said, "friend_offer_id": str(offer.id)}, **EN).status_code == 302
    draft = Programme.objects.get().draft
    assert (draft["friend_offer_id"], draft["friend_cost_minor"]) == (offer.id, 3000)
    client.post(f"{address}/budget", STEPS["budget"], **EN)
    text = page(client, f"{address}/publish")
    assert "the friend gets <b>12.50% off, at most ¥30</b>" in text and "COUPON_ENDS_EARLY" in text


def test_a_gift_that_a_person_approves_comes_from_the_stock_of_that_gift(shop: Shop) -> None:
    gift, anna = (
        reward_services.create_offer(draft=OfferDraft("gift", "Tea set", "CNY", 3000), now=T0),
        shop.customer("anna"),
    )
    reward_services.restock(
        offer_id=gift.id, n_units=1, note="", idempotency_key="in", actor=1, day=date(2026, 6, 1), now=T0
    )
    programme = shop.programme(anna, **choice(gift), needs_approval=True)
    shop.sign_up("ben", shop.code(programme, anna))
    shop.order("ben", "o1", 120, at=T0)
    shop.day("2026-06-09")
    shop.run()
    waiting = [each.id for each in rewards.list_rewards(programme_id=programme.id)]
    reward_services.propose_review(
        act="approve", reward_ids=waiting, reason="checked", note="", key="1", actor=1, day=date(2026, 6, 9), now=T0
    )
    assert [each.state for each in rewards.list_rewards(programme_id=programme.id) if each.role == "friend"] == [
        "issuing"
    ]


def test_a_friends_page_names_a_gift_and_says_that_a_person_looks_at_it(shop: Shop, client: Client) -> None:
    gift, anna = (
        reward_services.create_offer(draft=OfferDraft("gift", "Tea set", "CNY", 3000), now=T0),
        shop.customer("anna"),
    )
    programme = shop.programme(anna, **choice(gift), needs_approval=True)
    said = client.get(f"/r/{shop.code(programme, anna)}", HTTP_ACCEPT_LANGUAGE="en").content.decode()
    assert "<b>Tea set</b>" in said and "A person looks at it first." in said
