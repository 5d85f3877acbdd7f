"""Pages of the list come from an index in their order: no sort, no walk over the whole table."""

import pytest
from django.db import connection

from liebian.customers.queries import listing
from liebian.customers.tests.factories import make_customer, store_customers
from liebian.customers.types import CustomerFilter

pytestmark = pytest.mark.django_db(databases="__all__")
INDEXES = {
    "seen": "customer_by_seen",
    "revenue": "customer_by_revenue",
    "orders": "customer_by_orders",
    "last_order": "customer_by_order_at",
    "first_seen": "customer_by_first",
}


@pytest.fixture
def plans():
    """The plans of the queries that fetched people."""
    found = []

    def explain(execute, sql, params, many, context):
        if sql.startswith("SELECT") and "ORDER BY" in sql and "customers_customer" in sql:
            word = "EXPLAIN QUERY PLAN " if connection.vendor == "sqlite" else "EXPLAIN "
            with connection.cursor() as cursor:
                cursor.cursor.execute(word + sql, params)
                found.append("\n".join(str(row) for row in cursor.cursor.fetchall()))
        return execute(sql, params, many, context)

    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:  # with few rows a sort would win: ask whether the index could do it
            cursor.execute("SET LOCAL enable_seqscan = off")
            cursor.execute("SET LOCAL enable_sort = off")
            cursor.execute("SET LOCAL enable_bitmapscan = off")
    with connection.execute_wrapper(explain):
        yield found


@pytest.mark.parametrize("ascending", [True, False])
@pytest.mark.parametrize("sort", sorted(INDEXES))
def test_every_sort_walks_its_index(plans, sort, ascending):
    people = [
        make_customer(number, last_order_at=None if number % 2 else make_customer(number).first_seen_at)
        for number in range(1, 40)
    ]
    store_customers(people)
    page = listing.list_customers(wanted=CustomerFilter(), sort=sort, ascending=ascending, limit=5)
    listing.list_customers(wanted=CustomerFilter(), sort=sort, ascending=ascending, limit=5, after=page.next)
    assert len(plans) >= 2
    for plan in plans:
        assert INDEXES[sort] in plan
        assert "Sort" not in plan and "TEMP B-TREE" not in plan
