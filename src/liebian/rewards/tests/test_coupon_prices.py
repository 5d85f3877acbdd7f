"""What carts cost with coupons: golden carts, and laws that hold for every cart."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liebian.core.errors import Invalid
from liebian.rewards.rules import check_offer, end_of, price, share_of, spread
from liebian.rewards.types import Cart, CartLine, CouponInHand, CouponTerms, LineShare, OfferDraft

AT = datetime(2026, 6, 10, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def line(name: str, minor: int, quantity: int = 1, **more: object) -> CartLine:
    return CartLine(name, minor, quantity, **more)  # type: ignore[arg-type]


def cart(*lines: CartLine, shipping: int = 0, **more: str) -> Cart:
    return Cart("CNY", lines, shipping, **more)


def coupon(code: str = "C1", face: int = 0, threshold: int = 0, refusal: str = "", **terms: object) -> CouponInHand:
    said = CouponTerms(**terms)  # type: ignore[arg-type]
    return CouponInHand(code, "CNY", face, threshold, said, said.starts_at, said.ends_at, refusal)


def refusal_of(goods: Cart, *coupons: CouponInHand, at: datetime = AT) -> dict[str, str]:
    return dict(price(goods, coupons, at).refusals)


def test_a_fixed_amount_is_spread_by_largest_remainder():
    quote = price(cart(line("a", 1000), line("b", 1000), line("c", 1000), shipping=500), [coupon(face=100)], AT)
    assert [share.minor for share in quote.coupons[0].lines] == [34, 33, 33]
    assert (quote.total_minor, quote.discount_minor, quote.payable_minor) == (3500, 100, 3400)


def test_a_percentage_rounds_down_and_has_its_cap():
    terms = {"effect": "percent", "percent_bp": 1250, "cap_minor": 3000}
    assert price(cart(line("a", 999)), [coupon(**terms)], AT).discount_minor == 124
    assert price(cart(line("a", 99_900)), [coupon(**terms)], AT).discount_minor == 3000


def test_free_shipping_takes_only_shipping_and_at_most_the_cap():
    terms = {"effect": "shipping", "cap_minor": 800}
    assert price(cart(line("a", 5000), shipping=1200), [coupon(**terms)], AT).coupons[0].shipping_minor == 800
    assert refusal_of(cart(line("a", 5000)), coupon(**terms)) == {"C1": "coupon_no_effect"}


def test_a_gift_is_named_and_free_where_it_is_in_the_cart():
    gift = coupon(effect="gift", gift_product="cup")
    assert price(cart(line("a", 5000, product="tea")), [gift], AT).coupons[0].gift == "cup"
    quote = price(cart(line("a", 5000, product="tea"), line("b", 1800, 2, product="cup")), [gift], AT)
    assert quote.discount_minor == 900


def test_lists_say_which_lines_count_for_the_threshold_and_the_discount():
    goods = cart(
        line("a", 4000, product="tea", categories=("green",), brand="hill"),
        line("b", 6000, product="pot", categories=("ware",)),
    )
    only_tea = coupon(face=5000, categories=("green",))
    quote = price(goods, [only_tea], AT)
    assert [(share.id, share.minor) for share in quote.coupons[0].lines] == [("a", 4000)]
    assert refusal_of(goods, coupon(face=500, threshold=5000, products=("tea",))) == {"C1": "coupon_threshold"}
    assert refusal_of(goods, coupon(face=500, not_categories=("green", "ware"))) == {"C1": "coupon_products"}
    assert refusal_of(goods, coupon(face=500, brands=("river",))) == {"C1": "coupon_products"}
    assert refusal_of(goods, coupon(face=500, brands=("hill",), not_products=("tea",))) == {"C1": "coupon_products"}


def test_channels_stores_currency_and_what_is_known_already_refuse():
    goods = cart(line("a", 4000), channel="web", store="s1")
    assert refusal_of(goods, coupon(face=1, channels=("app",))) == {"C1": "channel_not_allowed"}
    assert refusal_of(goods, coupon(face=1, stores=("s2",))) == {"C1": "coupon_store"}
    assert refusal_of(Cart("USD", goods.lines), coupon(face=1)) == {"C1": "coupon_currency"}
    assert refusal_of(goods, coupon(face=1, refusal="coupon_void")) == {"C1": "coupon_void"}
    assert refusal_of(goods, coupon(face=1, channels=("web",), stores=("s1", "s2"))) == {}


def test_validity_is_half_open_to_the_microsecond():
    goods = cart(line("a", 4000))
    timed = coupon(face=1, starts_at=AT, ends_at=AT + SECOND)
    tick = timedelta(microseconds=1)
    assert refusal_of(goods, timed, at=AT - tick) == {"C1": "coupon_not_started"}
    assert refusal_of(goods, timed, at=AT) == refusal_of(goods, timed, at=AT + SECOND - tick) == {}
    assert refusal_of(goods, timed, at=AT + SECOND) == {"C1": "reward_expired"}


def test_the_last_day_of_a_coupon_may_have_25_hours():
    day = datetime(2026, 11, 1).date()
    ends = [end_of(CouponTerms(), day, days, "America/New_York") for days in (0 + 1, 2)]
    assert (ends[0].isoformat(), ends[1] - ends[0]) == ("2026-11-02T05:00:00+00:00", timedelta(hours=24))
    assert ends[0] - end_of(CouponTerms(), day - timedelta(1), 1, "America/New_York") == timedelta(hours=25)
    fixed = end_of(CouponTerms(ends_at=AT), AT.date(), 30, "Asia/Shanghai")
    assert fixed == AT, "the earlier end counts"


def test_a_percentage_after_a_fixed_amount_counts_what_is_left():
    fixed = coupon("A", face=1000, group="shop", priority=1)
    part = coupon("B", effect="percent", percent_bp=1000, cap_minor=9999, group="member", priority=2)
    assert [each.discount_minor for each in price(cart(line("a", 10_000)), [part, fixed], AT).coupons] == [1000, 900]


@pytest.mark.parametrize(
    ("groups", "second"), [(("", "x"), True), (("x", "x"), True), (("x", ""), True), (("x", "y"), False)]
)
def test_coupons_combine_only_across_groups(groups, second):
    pair = [coupon(code, face=10, group=group) for code, group in zip("AB", groups, strict=True)]
    assert refusal_of(cart(line("a", 4000)), *pair) == ({"B": "coupon_not_combinable"} if second else {})


LINES = st.lists(st.tuples(st.integers(0, 10**9), st.integers(1, 9), st.sampled_from("pqr")), min_size=1, max_size=6)
TERMS = st.fixed_dictionaries(
    {
        "effect": st.sampled_from(["fixed", "percent", "shipping", "gift"]),
        "percent_bp": st.integers(1, 10_000),
        "cap_minor": st.integers(1, 10**7),
        "gift_product": st.just("q"),
        "products": st.sampled_from([(), ("p",), ("p", "q")]),
        "not_products": st.sampled_from([(), ("r",)]),
        "group": st.sampled_from(["", "x", "y", "z"]),
        "priority": st.integers(0, 2),
    }
)


@given(
    LINES,
    st.integers(0, 5000),
    st.lists(st.tuples(TERMS, st.integers(1, 10**8), st.integers(0, 5000)), max_size=5),
    st.randoms(use_true_random=False),
)
def test_no_cart_goes_below_zero_and_every_cent_has_its_line(lines, shipping, offers, random):
    goods = cart(*(line(f"l{n}", minor, q, product=p) for n, (minor, q, p) in enumerate(lines)), shipping=shipping)
    hand = [coupon(f"C{n}", face, low, **terms) for n, (terms, face, low) in enumerate(offers)]
    quote = price(goods, hand, AT)
    taken = {each.id: 0 for each in goods.lines}
    for result, given_coupon in ((r, next(c for c in hand if c.code == r.code)) for r in quote.coupons):
        assert result.discount_minor == sum(share.minor for share in result.lines) + result.shipping_minor
        assert not (result.refusal and result.discount_minor)
        if given_coupon.terms.effect == "fixed":
            assert result.discount_minor <= given_coupon.face_minor
        elif given_coupon.terms.settles:
            assert result.discount_minor <= given_coupon.terms.cap_minor
        for share in result.lines:
            assert share.minor >= 0
            taken[share.id] += share.minor
    assert all(taken[each.id] <= each.amount_minor for each in goods.lines)
    assert sum(each.shipping_minor for each in quote.coupons) <= shipping
    assert 0 <= quote.payable_minor <= quote.total_minor
    shuffled = hand[:]
    random.shuffle(shuffled)
    assert price(goods, shuffled, AT) == quote


@given(
    st.lists(st.tuples(st.integers(0, 10**6), st.integers(1, 9)), min_size=1, max_size=5),
    st.integers(0, 999),
    st.data(),
)
def test_a_smaller_real_discount_and_refunds_add_up(lines, shipping, data):
    shares = [LineShare(f"l{n}", minor, quantity) for n, (minor, quantity) in enumerate(lines)]
    whole = sum(share.minor for share in shares) + shipping
    real = data.draw(st.integers(0, whole))
    spread_lines, spread_shipping = spread(real, shares, shipping)
    assert sum(share.minor for share in spread_lines) + spread_shipping == real
    assert all(0 <= now.minor <= was.minor for now, was in zip(spread_lines, shares, strict=True))
    for share in spread_lines:
        steps = [share_of(share, pieces) for pieces in range(share.quantity + 1)]
        assert steps == sorted(steps) and steps[0] == 0 and steps[-1] == share.minor


@pytest.mark.parametrize(
    ("terms", "code"),
    [
        ({"effect": "percent", "percent_bp": 0, "cap_minor": 1000}, "offer_percent"),
        ({"effect": "percent", "percent_bp": 10_001, "cap_minor": 1000}, "offer_percent"),
        ({"effect": "percent", "percent_bp": 500, "cap_minor": 999}, "offer_cap"),
        ({"effect": "shipping"}, "offer_cap"),
        ({"effect": "gift"}, "offer_gift"),
        ({"starts_at": AT, "ends_at": AT}, "offer_period"),
        ({"on_return": "grace"}, "offer_grace"),
        ({"grace_days": 3}, "offer_grace"),
        ({"products": tuple(map(str, range(501)))}, "offer_lists"),
    ],
)
def test_terms_that_contradict_themselves_are_refused(terms, code):
    draft = OfferDraft("coupon", "x", "CNY", 1000, face_minor=2000, valid_days=3, terms=CouponTerms(**terms))
    with pytest.raises(Invalid) as refused:
        check_offer(draft, on=AT.date())
    assert refused.value.code == code
