"""The same log gives the same people, orders and money, however it is cut into batches and however often it is read."""

from collections import Counter
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from liebian.orders.models import Order, OrderChange
from tests.flows import history

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)
NOW = datetime(2026, 6, 1, tzinfo=UTC)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(history.messages(), st.lists(st.sampled_from([1, 2, 3, 7, 40]), min_size=1, max_size=6))
def test_replay_from_zero_equals_the_incremental_state(messages, limits):
    history.reset_log()
    history.record(messages, NOW)
    for limit in limits:  # some steps of each size, then to the end
        history.one_step(limit=limit)
    history.run_stages(limit=limits[0])
    incremental = history.digest()
    history.forget()
    history.run_stages(limit=1000)
    assert history.digest() == incremental


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(history.messages())
def test_changes_add_up_to_the_orders_and_repeats_change_nothing(messages):
    history.reset_log()
    history.record(messages, NOW)
    history.run_stages(limit=5)
    once = history.digest()
    again = history.record(messages, NOW)
    history.run_stages(limit=5)
    assert again == 0
    assert history.digest() == once
    placed = list(Order.objects.filter(ordered_at__isnull=False))
    for currency in ("CNY", "USD"):  # never one with the other
        of_it = [order for order in placed if order.currency == currency]
        changes = OrderChange.objects.filter(currency=currency)
        net = sum(order.total_minor - order.refunded_minor for order in of_it)
        assert sum(changes.values_list("amount_minor", flat=True)) == net
        assert sum(changes.values_list("n_orders", flat=True)) == sum(order.counts for order in of_it)
        given_back = [sum(n for n, of in order.refunds.values() if of == currency) for order in of_it]
        kept = [
            order.is_cancelled or order.refunded_minor == min(n, order.total_minor)
            for n, order in zip(given_back, of_it, strict=True)
        ]
        assert all(kept)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(history.messages())
def test_signed_lines_add_up_to_the_lines_of_the_orders(messages):
    history.reset_log()
    history.record(messages, NOW)
    history.run_stages(limit=5)
    found: Counter[tuple[object, ...]] = Counter()
    for row in history.digest()["lake"]["order_lines"]:
        found[row["order_id"], row["product_id"], row["unit_minor"], row["currency"]] += row["quantity"]
    expected: Counter[tuple[object, ...]] = Counter()
    for order in Order.objects.filter(ordered_at__isnull=False):
        for line in order.lines:
            expected[order.pk, line["product_id"], line["unit_minor"], order.currency] += line["quantity"]
    assert {key: n for key, n in found.items() if n} == dict(expected)
