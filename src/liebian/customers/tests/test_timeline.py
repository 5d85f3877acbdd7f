"""The timeline: newest first, complete, in the words of the page, without personal fields."""

from datetime import timedelta

import pytest
from django.utils import translation
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from liebian.access.permissions import VIEWER
from liebian.core import cursors
from liebian.customers import queries, services
from liebian.customers.models import Customer, CustomerEvent
from liebian.customers.tests.factories import NOW, PERSON, START, client_of, identify, lin, play, track
from liebian.customers.words.timeline import describe
from liebian.events.services import record_day, record_outcomes

pytestmark = pytest.mark.django_db(databases="__all__")


def lines(customer_id, kind="all", language="en"):
    page = queries.list_timeline(customer_id=customer_id, kind=kind, limit=100)
    with translation.override(language):
        return [describe(item, "CNY") for item in page.items]


def titles(customer_id, kind="all", language="en"):
    return [line.title for line in lines(customer_id, kind, language)]


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(st.lists(st.integers(0, 3), max_size=15), st.integers(1, 4))
def test_pages_hold_every_event_once_newest_first(hours, limit):
    CustomerEvent.objects.all().delete()
    rows = [
        CustomerEvent(event_id=number + 1, customer_id=7, type="page", name="p", at_ms=hour * 1000, received_ms=0)
        for number, hour in enumerate(hours)
    ]
    CustomerEvent.objects.bulk_create(rows)
    found, before = [], ""
    while True:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("liebian.customers.queries.timeline._items", lambda ids, own: tuple(ids))
            page = queries.list_timeline(customer_id=7, before=before, limit=limit)
        found += page.items
        if page.earlier is None:
            break
        before = page.earlier
    wanted = sorted(rows, key=lambda row: (row.at_ms, row.event_id), reverse=True)
    assert found == [row.event_id for row in wanted]


def test_late_events_stand_at_their_own_time():
    play([track("u1", "Second"), {**track("u1", "First"), "timestamp": (START - timedelta(days=3)).isoformat()}])
    assert titles(Customer.objects.get().pk) == ["Second", "First"]


def test_every_kind_has_its_words_and_its_filter():
    order = {"order_id": "SY-1", "total": "396.00", "currency": "CNY", "coupon": "满300减40"}
    products = [{"name": "三山", "price": 198, "quantity": 2}, {"name": "冷泡茶", "price": 59, "quantity": 1}]
    play(
        [
            identify("u1", name="林晚秋", city="杭州"),
            {"type": "page", "name": "Gift guide", "userId": "u1"},
            track("u1", "Product Viewed", name="三山", price=198),
            track("u1", "Order Completed", **order, products=products),
            track("u1", "Order Refunded", order_id="SY-1", total=50, currency="CNY"),
            track("u1", "Order Cancelled", order_id="SY-1"),
            track("u1", "Referral Link Shared", code="K7WMX2P", channel="wechat", programme_id=3),
            track("u1", "Course Finished", phone_seen="13900001111"),
        ]
    )
    person = Customer.objects.get().pk
    orders = lines(person, "orders")
    assert [line.title for line in orders] == ["Cancelled an order", "Refunded ¥50.00", "Ordered ¥396.00"]
    assert orders[2].text == "三山 ×2 and 1 more · order SY-1 · coupon 满300减40"
    assert titles(person, "interactions") == ["Course Finished", "Looked at “三山”", "Viewed “Gift guide”"]
    (shared,) = lines(person, "referral")
    assert shared.title == "Shared the invitation" and shared.text == "programme 3 · code K7WMX2P · wechat"
    (told,) = lines(person, "identity")
    assert told.title == "Details told" and told.text == "Name, City"
    assert told.notes == ("First seen with this event.", "Recognised from now on by: User id.")
    assert titles(person, "orders", "zh-hans")[2] == "下单 ¥396.00"
    assert len(lines(person)) == 8


def test_outcomes_carry_their_amount_and_reason():
    person = lin()
    outcomes = [
        ("Reward Issued", {"amount_minor": 3000, "currency": "CNY"}),
        ("Reward Refused", {"reason": "already_customer"}),
    ]
    record_outcomes(
        [
            {"cause": (name,), "event": name, "customer_id": person.pk, "at": NOW, "properties": p}
            for name, p in outcomes
        ]
    )
    cursors.drain(services.advance)
    refused, issued = lines(person.pk, "referral")
    assert issued.title == "Reward ¥30.00 paid out"
    assert refused.title == "No reward" and refused.reason == "already_customer"


def test_a_new_day_is_nobodys_event():
    person = lin()
    record_day(day=(NOW + timedelta(days=1)).date(), now=NOW)
    cursors.drain(services.advance)
    assert len(lines(person.pk)) == 1


def test_a_merge_and_a_conflict_are_explained():
    play(
        [
            identify("u1", phone="13812346021"),
            {"type": "page", "name": "Home", "anonymousId": "a1"},
            {**identify("u2"), "anonymousId": "a1"},
            identify("u2", phone="13812346021"),
        ]
    )
    first, second = Customer.objects.get(user_id="u1"), Customer.objects.get(user_id="u2")
    notes = [note for line in lines(second.pk, "identity") for note in line.notes]
    assert f"Phone already belongs to C-{first.pk:06d} and stays there." in notes
    assert any(line.note_tone == "warn" for line in lines(second.pk, "identity"))


@pytest.mark.parametrize("total", ["abc", "", None, [], {"a": 1}, float("inf")])
def test_odd_amounts_and_products_still_read(total):
    play(
        [track("u1", "Order Completed", order_id="o1", total=None if total == float("inf") else total, products="many")]
    )
    assert titles(Customer.objects.get().pk)[0].startswith("Ordered")


def test_earlier_lines_come_as_a_fragment_or_as_the_page_at_that_place():
    play([track("u1", f"Step {number:02d}") for number in range(30)])
    person, client = Customer.objects.get(), client_of(VIEWER)
    first = client.get(f"/customers/{person.pk}")
    address = f"/customers/{person.pk}/timeline?kind=all&before={first.context['earlier']}"
    fragment = client.get(address, headers={"HX-Request": "true"}).content.decode()
    assert "Step 09" in fragment and "Step 10" not in fragment and "<html" not in fragment
    plain = client.get(address, follow=True).content.decode()
    assert "Step 09" in plain and "Step 10" not in plain and "<html" in plain


def test_personal_fields_of_events_do_not_show():
    person = lin()
    play([{**track("u-lin", "Parcel Sent", phone=PERSON["phone"], note=PERSON["email"]), "messageId": "parcel"}])
    html = client_of(VIEWER).get(f"/customers/{person.pk}").content.decode()
    assert "Parcel Sent" in html
    assert PERSON["phone"] not in html and PERSON["email"] not in html
