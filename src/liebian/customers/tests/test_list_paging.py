"""Walking all pages gives every matching customer exactly once, in order, also where the sorted values tie."""

from datetime import timedelta
from operator import attrgetter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from liebian.core.errors import Invalid
from liebian.customers import queries
from liebian.customers.models import Customer, CustomerSeen
from liebian.customers.queries.listing import SORTS
from liebian.customers.tests.factories import START, make_customer, store_customers
from liebian.customers.types import CustomerFilter

pytestmark = pytest.mark.django_db(databases="__all__")

days = st.integers(0, 4).map(lambda count: START + timedelta(days=count))
people = st.lists(
    st.fixed_dictionaries(
        {
            "is_known": st.sampled_from([True, True, True, False]),
            "city": st.sampled_from(["杭州", "苏州"]),
            "n_orders": st.integers(0, 2),
            "revenue_minor": st.integers(-2, 2),
            "first_seen_at": days,
            "last_seen_at": days,
            "last_order_at": st.one_of(st.none(), days),
        }
    ),
    max_size=25,
)


def expected(sort, ascending, city):
    rows = [row for row in Customer.objects.select_related("seen") if row.is_known and (not city or row.city == city)]
    of = attrgetter(SORTS[sort].replace("__", "."))
    with_value = [row for row in rows if of(row) is not None]
    without = [row for row in rows if of(row) is None]
    with_value.sort(key=lambda row: (of(row), row.pk), reverse=not ascending)
    without.sort(key=lambda row: row.pk, reverse=not ascending)
    return [row.pk for row in with_value + without]


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(people, st.sampled_from(sorted(SORTS)), st.booleans(), st.sampled_from(["", "杭州"]), st.integers(1, 4))
def test_pages_forwards_and_backwards_are_exact(found, sort, ascending, city, limit):
    CustomerSeen.objects.all().delete()
    Customer.objects.all().delete()
    store_customers(make_customer(number + 1, **values) for number, values in enumerate(found))
    wanted = CustomerFilter(city=city)
    order = {"wanted": wanted, "sort": sort, "ascending": ascending, "limit": limit}
    forwards, pages = [], []
    page = queries.list_customers(**order)
    assert page.previous is None
    while True:
        pages.append([row.id for row in page.rows])
        forwards += pages[-1]
        if page.next is None:
            break
        page = queries.list_customers(**order, after=page.next)
    assert forwards == expected(sort, ascending, city)
    assert queries.count_customers(wanted) == len(forwards)
    for earlier in reversed(pages[:-1]):
        page = queries.list_customers(**order, before=page.previous)
        assert [row.id for row in page.rows] == earlier
    assert page.previous is None


@pytest.mark.parametrize("cursor", ["x", "e30", "WzEsMiwzLDRd", "W10=", "bnVsbA"])
def test_a_made_up_cursor_is_an_error_in_words(cursor):
    with pytest.raises(Invalid) as caught:
        queries.list_customers(wanted=CustomerFilter(), after=cursor)
    assert caught.value.code == "bad_cursor"


def test_a_cursor_of_another_order_is_refused():
    store_customers(make_customer(number) for number in range(1, 5))
    page = queries.list_customers(wanted=CustomerFilter(), sort="seen", limit=2)
    with pytest.raises(Invalid):
        queries.list_customers(wanted=CustomerFilter(), sort="revenue", limit=2, after=page.next)
