"""The timeline says which order events do not count, and how much of a refund does."""

import pytest

from liebian.access.permissions import VIEWER
from liebian.core import cursors
from liebian.customers.models import Customer
from liebian.customers.tests.factories import client_of, play, track
from liebian.orders import refusals, services

pytestmark = pytest.mark.django_db(databases="__all__")


@pytest.fixture
def timeline():
    staff = client_of(VIEWER)

    def read(language="en"):
        address = f"/customers/{Customer.objects.get().pk}"
        return staff.get(address, headers={"accept-language": language}).content.decode()

    return read


def send(*orders):
    play([track("u1", f"Order {name}", **{"currency": "CNY", **said}) for name, said in orders])
    cursors.drain(services.advance)


def test_an_order_that_was_refused_is_not_shown_as_ordered(timeline):
    send(("Completed", {"order_id": "o1", "total": -5}))
    assert refusals.list_refusals()
    page = timeline()
    assert "Not counted: Ordered" in page and "is negative" in page
    assert "未计入：下单" in timeline("zh-hans")


def test_a_refund_beyond_its_order_says_how_much_of_it_counts(timeline):
    send(("Completed", {"order_id": "o1", "total": 168}), ("Refunded", {"order_id": "o1", "total": 1000}))
    page = timeline()
    assert "Refunded ¥1,000.00" in page and "¥168.00 of it counts" in page


def test_what_counts_as_it_was_said_stands_without_a_remark(timeline):
    send(
        ("Completed", {"order_id": "o1", "total": 168}), ("Refunded", {"order_id": "o1", "total": 68}),
        ("Refunded", {"order_id": "o1"}),
    )  # fmt: skip
    page = timeline()
    assert "Refunded ¥68.00" in page and "Refunded in full" in page
    assert "of it counts" not in page and "Not counted" not in page
