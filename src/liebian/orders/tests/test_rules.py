"""Order events against an order, without a database."""

import itertools

import pytest

from liebian.core.errors import Invalid
from liebian.core.money import to_minor
from liebian.orders.rules import (
    State,
    apply_placed,
    apply_refund,
    apply_statement,
    parse_placed,
    parse_updated,
    refunded_of,
)


def order(total, **more):
    return parse_placed({"order_id": "o1", "total": total, "currency": "CNY", **more}, "CNY")


def test_a_repeated_order_replaces_what_it_was():
    state = State(external_id="o1", customer_id=1, id=1)
    apply_placed(state, order(100), at=1)
    apply_placed(state, order(80), at=2)
    assert (state.net_minor, state.ordered_at, state.counts) == (8000, 1, 1)


def test_refunds_count_once_by_their_id_and_never_more_than_the_order():
    state = State(external_id="o1", customer_id=1, id=1)
    apply_placed(state, order(100), at=1)
    for _ in range(3):
        apply_refund(state, "r1", 6000)
    assert (state.net_minor, state.status) == (4000, "partly_refunded")
    apply_refund(state, "r2", 9000)
    assert (state.net_minor, state.status, state.counts) == (0, "refunded", 0)


def test_a_refund_that_comes_before_its_order_waits_for_it():
    state = State(external_id="o1", customer_id=1, id=1)
    apply_refund(state, "r1", 3000)
    assert state.net_minor == 0
    apply_placed(state, order(100), at=1)
    assert state.net_minor == 7000


def test_lines_make_the_total_where_none_is_stated():
    placed = parse_placed({"order_id": "o1", "products": [{"price": "19.9", "quantity": 3}, {"price": 5}]}, "CNY")
    assert placed.total_minor == 6470


@pytest.mark.parametrize("total", [-1, "many", {"a": 1}, [1], True, 1e300, float("nan"), float("inf")])
def test_an_impossible_total_is_refused(total):
    with pytest.raises(Invalid, match=r"."):
        order(total)


@pytest.mark.parametrize("quantity", [float("inf"), float("nan"), 10**30, 0, -1, 0.5, "1.5", "two", True, [2]])
def test_an_impossible_quantity_is_refused(quantity):
    with pytest.raises(Invalid, match="quantity"):
        parse_placed({"order_id": "o1", "products": [{"price": 1, "quantity": quantity}]}, "CNY")


@pytest.mark.parametrize(("said", "quantity"), [("2", 2), (" 3 ", 3), (2.0, 2), ("2.00", 2), (None, 1), ("", 1)])
def test_a_quantity_is_a_number_however_it_is_written(said, quantity):
    (line,) = parse_placed({"order_id": "o1", "products": [{"price": 1, "quantity": said}]}, "CNY").lines
    assert line.quantity == quantity


@pytest.mark.parametrize(
    ("amount", "currency", "minor"), [("0.1", "CNY", 10), (0.1, "CNY", 10), (5, "JPY", 5), ("1.2345", "KWD", 1234)]
)
def test_amounts_are_exact_in_the_currency_s_own_units(amount, currency, minor):
    assert to_minor(amount, currency) == minor


def test_a_coupon_that_was_named_stays_with_the_order():
    state = State(external_id="o1", customer_id=1, id=1)
    apply_placed(state, order(100, coupon="a1"), at=1)
    apply_placed(state, order(100), at=2)
    apply_placed(state, order(100, coupons=["A1", "b2"]), at=3)
    assert state.coupons == ("A1", "B2")


@pytest.mark.parametrize("stated", [None, "", "  ", True, {}, [], [None, {"code": None}], "x" * 61, {"code": ["a"]}])
def test_what_is_no_code_is_no_coupon(stated):
    assert order(100, coupon=stated, coupons=stated).coupons == ()


def test_an_order_names_ten_coupons_at_most():
    assert len(order(100, coupons=[f"c{n}" for n in range(500)]).coupons) == 10


def test_an_update_says_only_what_changed():
    state = State(external_id="o1", customer_id=1, id=1)
    apply_placed(state, order(100, channel="app", discount="5"), at=1)
    apply_statement(state, parse_updated({"order_id": "o1", "checkout_id": "c1"}, "CNY"), at=2)
    assert (state.total_minor, state.channel, state.checkout_id, state.discount_minor) == (10000, "app", "c1", 500)
    apply_statement(state, parse_updated({"order_id": "o1", "total": 80}, "CNY"), at=3)
    assert state.net_minor == 8000


def test_an_update_of_an_order_that_was_never_placed_counts_nothing_until_it_is():
    state = State(external_id="o1", customer_id=1, id=1)
    apply_statement(state, parse_updated({"order_id": "o1", "total": 80}, "CNY"), at=5)
    assert (state.net_minor, state.counts) == (0, 0)
    apply_placed(state, order(100), at=4)  # placed before the update, arrived after it
    assert (state.net_minor, state.counts, state.ordered_at) == (8000, 1, 4)


def test_the_statement_made_last_stands_in_whatever_order_they_arrive():
    statements = [(1, order(100)), (2, order(90)), (3, order(70))]
    for arrival in itertools.permutations(statements):
        state = State(external_id="o1", customer_id=1, id=1)
        for at, placed in arrival:
            apply_placed(state, placed, at=at)
        assert state.total_minor == 7000


@pytest.mark.parametrize(
    ("stated", "total"),
    [
        ({"subtotal": 100, "discount": 10, "tax": 3, "shipping": 5}, 9800),
        ({"products": [{"price": 50, "quantity": 2}], "discount": 10}, 9000),
        ({"revenue": 70, "subtotal": 100}, 7000),
        ({}, 0),
    ],
)
def test_what_was_paid_is_found_in_every_part_of_the_specification(stated, total):
    assert parse_placed({"order_id": "o1", **stated}, "CNY").total_minor == total


def test_a_refund_of_products_gives_back_their_price():
    assert refunded_of({"products": [{"price": "12.50", "quantity": 2}]}, "CNY") == 2500
    assert refunded_of({"total": 3, "products": [{"price": 1}]}, "CNY") == 300
    assert refunded_of({}, "CNY") is None
