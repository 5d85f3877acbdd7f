"""Money of two currencies is never added or subtracted."""

from collections import Counter
from datetime import UTC, datetime
from itertools import count

import pytest

from liebian.core import cursors
from liebian.customers.models import Customer
from liebian.customers.tests.factories import play, track
from liebian.orders import services
from liebian.orders.models import Order, OrderChange, Product, RefusedOrderEvent

pytestmark = pytest.mark.django_db(databases="__all__")


_numbers = count()


def send(*messages):
    play([{**message, "messageId": f"c{next(_numbers)}"} for message in messages])
    cursors.drain(services.advance)


def order(name="Order Completed", **more):
    return track("u1", name, order_id="o1", **more)


def refund(**more):
    return order("Order Refunded", refund_id="r1", **more)


def sums():
    money, n = Counter(), Counter()
    for currency, amount, orders in OrderChange.objects.values_list("currency", "amount_minor", "n_orders"):
        money[currency] += amount
        n[currency] += orders
    return {currency: (money[currency], n[currency]) for currency in money}


def test_a_change_of_currency_takes_back_all_of_the_old_and_adds_all_of_the_new():
    send(order(total=100, currency="CNY"), order(total=14, currency="USD"))
    assert sums() == {"CNY": (0, 0), "USD": (1400, 1)}


def test_what_names_no_currency_is_in_the_currency_of_its_order():
    send(order(total=14, currency="USD"), order("Order Updated", total=10), refund(total=4))
    assert sums() == {"USD": (600, 1)}


def test_a_refund_in_another_currency_counts_once_the_order_has_that_currency():
    send(order(total=100, currency="CNY"), refund(total=4, currency="USD"))
    assert sums() == {"CNY": (10000, 1)}
    assert [row.code for row in RefusedOrderEvent.objects.all()] == ["refund_currency"]
    send(order(total=14, currency="USD"))
    assert sums() == {"CNY": (0, 0), "USD": (1000, 1)}


def test_a_refund_in_another_currency_is_listed_until_its_order_has_that_currency():
    send(order(total=100, currency="CNY"), refund(total=4, currency="USD"))
    tried = {"code": "refund_currency", "actor_id": 1, "now": datetime(2026, 6, 1, tzinfo=UTC)}
    assert services.take_refused_again(**tried).refused == 1
    send(order(total=14, currency="USD"))
    assert services.take_refused_again(**tried).taken == 1
    assert sums() == {"CNY": (0, 0), "USD": (1000, 1)}


def test_a_refund_does_not_follow_its_order_into_another_currency():
    send(order(total=100, currency="CNY"), refund(total=30), order(total=14, currency="USD"))
    assert sums() == {"CNY": (0, 0), "USD": (1400, 1)}
    assert RefusedOrderEvent.objects.get().code == "refund_currency"
    assert Order.objects.get().status == "paid"


@pytest.mark.parametrize(("said", "left"), [({}, 0), ({"total": 30}, 7000), ({"total": 30, "currency": "USD"}, 10000)])
def test_a_refund_that_came_before_its_order_waits_for_its_money(said, left):
    send(refund(**said), order(total=100, currency="CNY"))
    assert sums()["CNY"][0] == left
    assert RefusedOrderEvent.objects.exists() is (said.get("currency") == "USD")


def test_all_that_is_left_stays_given_back_when_the_refund_is_told_twice():
    send(order(total=100, currency="CNY"), refund(), refund())
    assert sums() == {"CNY": (0, 0)}


def test_refunds_that_were_stored_without_a_currency_are_in_their_order_s():
    send(order(total=100, currency="CNY"))
    Order.objects.update(refunds={"r0": 2000}, refunded_minor=2000)
    send(refund(total=30))
    assert Order.objects.get().refunded_minor == 5000


def test_a_customers_revenue_adds_up_the_organisations_currency_only():
    send(order(total=100, currency="CNY"), track("u1", "Order Completed", order_id="o2", total=50, currency="USD"))
    customer = Customer.objects.get(is_known=True)
    assert (customer.n_orders, customer.revenue_minor) == (2, 10000)


@pytest.mark.parametrize("currency", ["人民币", "¥", "US dollars"])
def test_what_is_no_currency_code_is_refused_and_the_stage_goes_on(currency):
    send(order(total=100, currency=currency), refund(total=4, currency=currency))
    assert [row.code for row in RefusedOrderEvent.objects.all()] == ["bad_currency", "bad_currency"]
    send(order(total=100, currency="CNY"))
    assert sums() == {"CNY": (10000, 1)}


def test_a_product_is_known_without_its_price_when_the_currency_is_no_code():
    send(track("u1", "Product Viewed", product_id="p1", name="Tea", price=3, currency="人民币"))
    assert Product.objects.values_list("name", "price_minor").get() == ("Tea", None)
