"""The orders of one customer: a panel of the customer's page, complete in pages, with revenue by month."""

from datetime import UTC, date, datetime, timedelta

import pytest

from liebian.access.permissions import VIEWER
from liebian.core import cursors
from liebian.customers.models import Customer
from liebian.customers.tests.factories import client_of, play, track
from liebian.orders import queries, services

pytestmark = pytest.mark.django_db(databases="__all__")
HTMX = {"HX-Request": "true"}


def order(number, at, total="100.00", **more):
    return {
        **track("u1", "Order Completed", order_id=f"o{number}", total=total, currency="CNY", **more),
        "timestamp": at.isoformat(),
    }


@pytest.fixture
def person():
    same = datetime(2026, 3, 5, tzinfo=UTC)
    messages = [order(number, same + timedelta(days=number // 3)) for number in range(17)]
    messages.append(track("u1", "Order Refunded", order_id="o16", total=30, currency="CNY"))
    messages.append(track("u1", "Order Cancelled", order_id="o15"))
    play(messages)
    cursors.drain(services.advance)
    return Customer.objects.get()


def test_pages_hold_every_order_once_also_where_times_tie(person):
    found, before = [], ""
    while True:
        page = queries.list_order_page(customer_id=person.pk, before=before, limit=2)
        found += [row.external_id for row in page.orders]
        if page.earlier is None:
            break
        before = page.earlier
    assert found == [f"o{number}" for number in range(16, -1, -1)]


def test_the_panel_is_a_fragment_and_a_page(person):
    client = client_of(VIEWER)
    fragment = client.get(f"/customers/{person.pk}/orders-panel", headers=HTMX).content.decode()
    assert "<html" not in fragment and "o16" in fragment and "¥30.00" in fragment
    whole = client.get(f"/customers/{person.pk}/orders-panel").content.decode()
    assert "<html" in whole and "o16" in whole


def test_earlier_rows_continue_the_table(person):
    client = client_of(VIEWER)
    earlier = client.get(f"/customers/{person.pk}/orders-panel", headers=HTMX).context["earlier"]
    rows = client.get(f"/customers/{person.pk}/orders-panel?before={earlier}", headers=HTMX).content.decode()
    assert "<table" not in rows and "o10" in rows and "o11" not in rows
    assert client.get(f"/customers/{person.pk}/orders-panel?before=nonsense").status_code == 422


def test_revenue_by_month_counts_business_days_and_takes_refunds_off():
    play(
        [
            order(1, datetime(2026, 3, 31, 15, 59, tzinfo=UTC), "100.00"),
            order(2, datetime(2026, 3, 31, 16, 0, tzinfo=UTC), "50.00"),
            order(3, datetime(2025, 5, 31, 15, 0, tzinfo=UTC), "999.00"),
            {
                **order(4, datetime(2026, 4, 2, tzinfo=UTC)),
                "properties": {"order_id": "o4", "total": 7, "currency": "USD"},
            },
            {
                **track("u1", "Order Refunded", order_id="o1", total=30, currency="CNY"),
                "timestamp": "2026-04-20T00:00:00Z",
            },
        ]
    )
    cursors.drain(services.advance)
    person = Customer.objects.get()
    months = queries.list_revenue_by_month(customer_id=person.pk, currency="CNY", until=date(2026, 5, 2))
    assert len(months) == 12 and months[0].month == date(2025, 6, 1)
    assert {row.month: (row.amount_minor, row.n_orders) for row in months if row.n_orders} == {
        date(2026, 3, 1): (7000, 1),
        date(2026, 4, 1): (5000, 1),
    }


def test_somebody_without_orders_reads_what_will_come():
    play([track("u1", "Product Viewed", name="三山")])
    html = client_of(VIEWER).get(f"/customers/{Customer.objects.get().pk}/orders-panel", headers=HTMX).content.decode()
    assert "lb-empty" in html and "lb-chart" not in html
