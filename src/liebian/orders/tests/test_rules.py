"""Order events against an order, without a database."""

import pytest

from liebian.core.errors import Invalid
from liebian.core.money import to_minor
from liebian.orders.rules import State, apply_placed, apply_refund, parse_placed


def order(total, **more):
    return parse_placed({"order_id": "o1", "total": total, "currency": "CNY", **more}, "CNY")


def test_a_repeated_order_replaces_what_it_was():
    state = State(external_id="o1", customer_id=1, id=1)
    apply_placed(state, order(100), at="t1")
    apply_placed(state, order(80), at="t2")
    assert (state.net_minor, state.ordered_at, state.counts) == (8000, "t1", 1)


def test_refunds_count_once_by_their_id_and_never_more_than_the_order():
    state = State(external_id="o1", customer_id=1, id=1)
    apply_placed(state, order(100), at="t1")
    for _ in range(3):
        apply_refund(state, "r1", 6000)
    assert (state.net_minor, state.status) == (4000, "partly_refunded")
    apply_refund(state, "r2", 9000)
    assert (state.net_minor, state.status, state.counts) == (0, "refunded", 0)


def test_a_refund_that_comes_before_its_order_waits_for_it():
    state = State(external_id="o1", customer_id=1, id=1)
    apply_refund(state, "r1", 3000)
    assert state.net_minor == 0
    apply_placed(state, order(100), at="t1")
    assert state.net_minor == 7000


def test_lines_make_the_total_where_none_is_stated():
    placed = parse_placed({"order_id": "o1", "products": [{"price": "19.9", "quantity": 3}, {"price": 5}]}, "CNY")
    assert placed.total_minor == 6470


@pytest.mark.parametrize("total", [-1, "many", {"a": 1}, [1], True, 1e300, float("nan"), float("inf")])
def test_an_impossible_total_is_refused(total):
    with pytest.raises(Invalid, match=r"."):
        order(total)


@pytest.mark.parametrize("quantity", [float("inf"), float("nan"), 10**30])
def test_an_impossible_quantity_is_refused(quantity):
    with pytest.raises(Invalid, match="quantity"):
        parse_placed({"order_id": "o1", "products": [{"price": 1, "quantity": quantity}]}, "CNY")


@pytest.mark.parametrize(
    ("amount", "currency", "minor"), [("0.1", "CNY", 10), (0.1, "CNY", 10), (5, "JPY", 5), ("1.2345", "KWD", 1234)]
)
def test_amounts_are_exact_in_the_currency_s_own_units(amount, currency, minor):
    assert to_minor(amount, currency) == minor


def test_a_coupon_that_was_named_stays_with_the_order():
    state = State(external_id="o1", customer_id=1, id=1)
    apply_placed(state, order(100, coupon="a1"), at="t1")
    apply_placed(state, order(100), at="t2")
    apply_placed(state, order(100, coupons=["A1", "b2"]), at="t3")
    assert state.coupons == ("A1", "B2")


@pytest.mark.parametrize("stated", [None, "", "  ", True, {}, [], [None, {"code": None}], "x" * 61, {"code": ["a"]}])
def test_what_is_no_code_is_no_coupon(stated):
    assert order(100, coupon=stated, coupons=stated).coupons == ()


def test_an_order_names_ten_coupons_at_most():
    assert len(order(100, coupons=[f"c{n}" for n in range(500)]).coupons) == 10
