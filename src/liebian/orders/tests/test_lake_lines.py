"""The lake's order lines: signed, whenever they are published, with the order's current lines as their sum."""

import importlib
from collections import Counter
from datetime import UTC, datetime

import pytest
from django.apps import apps

from liebian.config.cli.lake import verify
from liebian.core import cursors
from liebian.customers.tests.factories import play, track
from liebian.lake import services as lake
from liebian.lake.queries import get_position, open_history
from liebian.orders import queries, services
from liebian.orders.lake_rows import line_rows
from liebian.orders.models import Order, OrderLine
from liebian.orders.types import Line, LineChange

pytestmark = pytest.mark.django_db(databases="__all__")
T0 = datetime(2026, 6, 1, tzinfo=UTC)
TEA, POT = {"product_id": "tea", "price": 5, "quantity": 3}, {"product_id": "pot", "price": 40}


@pytest.fixture(autouse=True)
def lake_of_its_own(settings, tmp_path):
    settings.LAKE_URL = str(tmp_path)


def completed(name="Order Completed", **more):
    return track("u1", name, order_id="o1", **{"total": 100, "currency": "CNY", **more})


CORRECTED = [
    completed("Order Updated", products=[POT]),  # before the order itself: nothing is ordered yet
    completed(products=[TEA, POT]),
    completed("Order Updated", products=[{**TEA, "quantity": "1"}]),
    completed("Order Updated", checkout_id="c"),
    completed(currency="USD", products=[{**TEA, "quantity": 2}]),
]


def published():
    with open_history("order_lines") as history:
        return history.engine.run(history["order_lines"].order_by("position")).to_pylist()


def sums(rows):
    found = Counter()
    for row in rows:
        found[row["order_id"], row["product_id"], row["currency"]] += row["quantity"]
    return {key: n for key, n in found.items() if n}


def test_lines_add_up_to_the_order_and_take_back_what_was_corrected():
    play(CORRECTED)
    cursors.drain(services.advance)
    services.publish()
    rows = published()
    assert [(r["product_id"], r["quantity"], r["amount_minor"], r["currency"]) for r in rows] == [
        ("tea", 3, 1500, "CNY"), ("pot", 1, 4000, "CNY"), ("tea", -2, -1000, "CNY"), ("pot", -1, -4000, "CNY"),
        ("tea", -1, -500, "CNY"), ("tea", 2, 1000, "USD"),
    ]  # fmt: skip
    assert sums(rows) == {(Order.objects.get().pk, "tea", "USD"): 2}


def test_when_lines_are_published_changes_nothing():
    play(CORRECTED)
    while services.advance(limit=1):
        services.publish(limit=1)
    cursors.drain(lambda: services.publish(limit=1))
    apart = published()
    expected = line_rows(queries.list_line_changes_after(0, 100)).to_pylist()
    same = ("position", "order_id", "product_id", "quantity", "amount_minor", "currency", "day")
    assert [[r[c] for c in same] for r in apart] == [[r[c] for c in same] for r in expected]
    verify("order_lines")


def test_verify_finds_a_line_that_is_missing_and_one_that_is_there_twice(capsys):
    play(CORRECTED)
    cursors.drain(services.advance)
    services.publish()
    lines = queries.list_line_changes_after(0, 2)
    lake.append_rows(table="order_lines", rows=line_rows(lines[:1]), reader="somebody", position=1)
    with pytest.raises(SystemExit):
        verify("order_lines")
    assert {"duplicates", "rows_differ"} <= set(capsys.readouterr().out.replace(":", " ").split())


def test_lines_of_an_older_version_give_way_once():
    play(CORRECTED)
    cursors.drain(services.advance)
    old = [LineChange(1, Order.objects.get().pk, 1, T0, "CNY", Line("tea", "", "", 3, 500))] * 2
    lake.append_rows(table="order_lines", rows=line_rows(old), reader=services.READER, position=1)
    OrderLine.objects.all().delete()
    importlib.import_module("liebian.orders.migrations.0006_lines_so_far").write_lines(apps, None)
    for _ in range(2):
        services.publish()
        assert sums(published()) == {(Order.objects.get().pk, "tea", "USD"): 2}
    assert get_position("order_lines", services.LINE_READER) == queries.get_lines_end()
    verify("order_lines")
