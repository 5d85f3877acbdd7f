"""The list in the browser: what filters let through, what the search finds, what never shows."""

from datetime import timedelta

import pytest

from liebian.access.permissions import OPERATOR, VIEWER
from liebian.customers import services
from liebian.customers.models import Customer
from liebian.customers.tests.factories import (
    NOW,
    PERSON,
    START,
    client_of,
    identify,
    lin,
    make_customer,
    play,
    store_customers,
)
from liebian.customers.types import TierFact

pytestmark = pytest.mark.django_db(databases="__all__")


@pytest.fixture
def viewer():
    return client_of(VIEWER)


@pytest.fixture(autouse=True)
def _now(monkeypatch):
    monkeypatch.setattr("liebian.core.clock.now", lambda: NOW)


def ids(client, **query):
    response = client.get("/customers", query)
    assert response.status_code == 200
    return [line.row.id for line in response.context["lines"]]


@pytest.fixture
def shop():
    store_customers(
        [
            make_customer(
                1, city="杭州", channel="门店", n_orders=3, revenue_minor=50000, last_order_at=NOW - timedelta(days=5)
            ),
            make_customer(
                2,
                city="苏州",
                gender="f",
                n_orders=1,
                revenue_minor=9900,
                last_order_at=NOW - timedelta(days=40),
                referred_by=1,
            ),
            make_customer(3, city="苏州", referred_by=1),
            make_customer(4, is_known=False),
            make_customer(5, is_known=False, merged_into=1),
        ]
    )
    facts = [TierFact(1, "important_value", {}), TierFact(2, "general_value", {})]
    services.set_tiers(model="rfm", as_of=START.date(), facts=facts)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, {1, 2, 3}),
        ({"city": "苏州"}, {2, 3}),
        ({"channel": "门店"}, {1}),
        ({"gender": "f"}, {2}),
        ({"tier": "rfm:important_value"}, {1}),
        ({"ordered": "yes"}, {1, 2}),
        ({"ordered": "no"}, {3}),
        ({"referred": "yes"}, {2, 3}),
        ({"referred": "no"}, {1}),
        ({"referred_by": "1", "ordered": "no"}, {3}),
        ({"revenue_from": "99"}, {1, 2}),
        ({"revenue_from": "99.01"}, {1}),
        ({"revenue_to": "500"}, {2, 3}),
        ({"ordered_within": "30"}, {1}),
        ({"quiet_for": "30"}, {2}),
        ({"quiet_for": "40"}, set()),
        ({"who": "anonymous"}, {4}),
        ({"city": "nowhere"}, set()),
    ],
)
def test_filters(shop, viewer, query, found):
    assert set(ids(viewer, **query)) == found


@pytest.mark.parametrize(
    ("sort", "order", "found"),
    [
        ("revenue", "", [1, 2, 3]),
        ("revenue", "asc", [3, 2, 1]),
        ("last_order", "", [1, 2, 3]),
        ("last_order", "asc", [2, 1, 3]),
    ],
)
def test_sorts(shop, viewer, sort, order, found):
    assert ids(viewer, sort=sort, order=order) == found


def test_a_filter_that_cannot_be_read_is_kept_and_said(shop, viewer):
    response = viewer.get("/customers", {"revenue_from": "lots", "city": "苏州"})
    assert {line.row.id for line in response.context["lines"]} == {2, 3}
    assert 'value="lots"' in response.content.decode()
    assert response.context["form"].errors.keys() == {"revenue_from"}


def test_brought_along_counts_and_opens_the_people(shop, viewer):
    response = viewer.get("/customers", {"sort": "revenue"})
    assert response.context["lines"][0].row.n_brought == 2
    assert 'href="?referred_by=1"' in response.content.decode()


@pytest.mark.parametrize(
    "text",
    [
        "林晚秋",
        " 林晚秋 ",
        "13812346021",
        "+86 138 1234 6021",
        "6021",
        "wanqiu@example.com",
        "WanQiu@Example.com",
        "u-lin",
        "number",
    ],
)
def test_search_finds_by_whole_values(viewer, text):
    person = lin()
    play([{**identify("u-other", name="周倩", phone="13900001111"), "messageId": "other"}])
    assert ids(viewer, q=f"C-{person.pk:06d}" if text == "number" else text) == [person.pk]


@pytest.mark.parametrize("text", ["林", "1381234", "602", "wanqiu", "C-999999", "'; DROP TABLE", "%", "_"])
def test_search_finds_nobody_by_parts(viewer, text):
    lin()
    assert ids(viewer, q=text) == []


def test_the_number_of_a_merged_visitor_finds_the_person(viewer):
    play(
        [{"type": "page", "name": "Home", "anonymousId": "a1"}, identify("u1"), {**identify("u1"), "anonymousId": "a1"}]
    )
    loser = Customer.objects.get(merged_into__isnull=False)
    assert ids(viewer, q=f"C-{loser.pk}") == [loser.merged_into]


@pytest.mark.parametrize("role", [VIEWER, OPERATOR])
def test_no_clear_personal_field_leaves_in_any_page(role):
    person = lin()
    client = client_of(role)
    pages = [
        "/customers",
        f"/customers/{person.pk}",
        f"/customers/{person.pk}?kind=identity",
        f"/customers/{person.pk}/orders-panel",
    ]
    for page in pages:
        html = client.get(page).content.decode()
        assert "林*秋" in html or "orders-panel" in page
        for value in (*PERSON.values(), "u-lin"):
            assert value not in html


def test_every_empty_state_says_what_to_do(viewer):
    assert ids(viewer) == []
    lin()
    for query in ({"q": "nobody"}, {"city": "nowhere"}, {"who": "anonymous"}):
        assert "lb-empty" in viewer.get("/customers", query).content.decode()


def test_the_number_of_queries_does_not_grow_with_people(viewer, django_assert_max_num_queries):
    store_customers(make_customer(number, n_orders=number % 3) for number in range(1, 61))
    with django_assert_max_num_queries(18):
        assert len(ids(viewer)) == 25


def test_large_counts_are_capped(viewer, monkeypatch):
    monkeypatch.setattr("liebian.customers.queries.listing.COUNT_CAP", 10)
    monkeypatch.setattr("liebian.customers.views.listing.COUNT_CAP", 10)
    store_customers(make_customer(number) for number in range(1, 31))
    assert viewer.get("/customers").context["count"] == "10+"


def test_chips_take_one_filter_away_and_go_to_the_first_page(shop, viewer):
    response = viewer.get("/customers", {"city": "苏州", "referred": "yes", "sort": "revenue"})
    hrefs = {chip.href for chip in response.context["chips"]}
    assert hrefs == {"?referred=yes&sort=revenue", "?city=%E8%8B%8F%E5%B7%9E&sort=revenue"}
