"""Products are known as soon as somebody looks at them."""

import pytest

from liebian.core import cursors
from liebian.customers.tests.factories import play, track
from liebian.orders import services
from liebian.orders.models import Order, Product

pytestmark = pytest.mark.django_db(databases="__all__")


def test_products_seen_on_pages_are_known_and_what_was_told_last_stands():
    play([
        track("u1", "Product Viewed", product_id="p1", name="龙井", category="绿茶", price=88, currency="CNY"),
        track("u1", "Product Added", product_id="p1", name="明前龙井"),
        track("u1", "Checkout Started", products=[{"sku": "s2", "name": "壶", "price": "12.5"}, {"product_id": "p1", "price": 80}]),
        track("u1", "Product Viewed", name="a page without a product"),
    ])  # fmt: skip
    cursors.drain(lambda: services.advance(limit=2))
    known = sorted(Product.objects.values_list("external_id", "name", "category", "price_minor", "currency"))
    assert known == [("p1", "明前龙井", "绿茶", 8000, "CNY"), ("s2", "壶", "", 1250, "CNY")]
    assert Order.objects.count() == 0


def test_an_order_is_corrected_by_its_update():
    play([
        track("u1", "Order Completed", order_id="o1", total=100, checkout_id="c1", coupon="SPRING"),
        track("u1", "Order Updated", order_id="o1", total=60, discount=40),
    ])  # fmt: skip
    cursors.drain(services.advance)
    order = Order.objects.get()
    assert (order.total_minor, order.discount_minor, order.checkout_id, order.coupons) == (6000, 4000, "c1", ["SPRING"])
    from liebian.orders.queries import list_order_changes_after

    assert [(c.kind, c.amount_minor) for c in list_order_changes_after(0, 10)] == [
        ("paid", 10000),
        ("corrected", -4000),
    ]


@pytest.mark.parametrize(
    "name",
    [
        "Product List Filtered", "Product Removed from Wishlist", "Wishlist Product Added to Cart", "Product Shared", "Product Reviewed",
        "Cart Shared",
    ],
)  # fmt: skip
def test_every_event_of_the_vocabulary_names_products(name):
    play([track("u1", name, products=[{"product_id": "p7", "name": "Tea"}])])
    cursors.drain(services.advance)
    assert Product.objects.get().external_id == "p7"
