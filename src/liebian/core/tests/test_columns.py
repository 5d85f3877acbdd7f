"""Rows as tuples: what goes in comes out, in Python's types, on both databases; and a held cursor is left alone."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta, timezone

import pytest
from django.db import connection, connections

from liebian.core import cursors
from liebian.core.columns import CHUNK, insert_tuples, select_after, select_in, update_tuples
from liebian.core.models import Cursor
from liebian.customers.models import Customer

AT = datetime(2026, 3, 1, 4, 5, 6, 789000, tzinfo=UTC)
COLUMNS = ("id", "is_known", "first_seen_at", "known_at", "name", "attributes", "channel", "city", "province", "gender", "occupation", "n_orders", "revenue_minor")  # fmt: skip


def row(number: int, **changed):
    values = dict(
        zip(COLUMNS, (number, True, AT, None, b"\x00\xff", {"a": "茶"}, "", "", "", "", "", 0, 0), strict=True)
    )
    return tuple({**values, **changed}.values())


@pytest.mark.django_db
def test_rows_come_back_as_they_went_in_and_as_django_reads_them():
    elsewhere = AT.astimezone(timezone(timedelta(hours=8)))
    insert_tuples(Customer, COLUMNS, [row(1), row(2, first_seen_at=elsewhere, is_known=False)])
    found = sorted(select_in(Customer, ("id", "is_known", "first_seen_at", "known_at", "name"), "id", [1, 2]))
    assert found == [(1, True, AT, None, b"\x00\xff"), (2, False, AT, None, b"\x00\xff")]
    assert [c.first_seen_at for c in Customer.objects.order_by("id")] == [AT, AT]
    assert Customer.objects.get(pk=1).attributes == {"a": "茶"}


@pytest.mark.django_db
def test_updates_reach_every_row_of_a_key_also_when_the_key_itself_changes():
    insert_tuples(Customer, COLUMNS, [row(number) for number in range(1, 6)])
    Customer.objects.filter(pk__lt=4).update(merged_into=9)
    update_tuples(Customer, ("merged_into",), [(10, 9)], key="merged_into")
    update_tuples(Customer, ("channel", "last_order_at"), [("app", AT + timedelta(days=1), 5)])
    assert Customer.objects.filter(merged_into=10).count() == 3
    assert Customer.objects.get(pk=5).last_order_at == AT + timedelta(days=1)


@pytest.mark.django_db
def test_long_lists_are_found_once():
    insert_tuples(Customer, COLUMNS, [row(number) for number in range(1, CHUNK + 8)])
    found = [pk for (pk,) in select_in(Customer, ("id",), "id", range(1, CHUNK + 8))]
    assert sorted(found) == list(range(1, CHUNK + 8))
    assert list(select_in(Customer, ("id",), "id", [])) == []


@pytest.mark.django_db(transaction=True)
def test_a_cursor_that_another_worker_holds_is_left_alone():
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has one writer")
    Cursor.objects.create(name="held")
    held, done = threading.Event(), threading.Event()

    def hold() -> None:
        with cursors.reading("held") as reading:
            held.set()
            done.wait(20)
            reading.position = 5
        connections.close_all()

    holder = threading.Thread(target=hold)
    holder.start()
    held.wait(20)
    with pytest.raises(cursors.Busy), cursors.reading("held", wait=False):
        pass
    done.set()
    holder.join(20)
    with cursors.reading("held", wait=False) as reading:
        assert reading.start == 5


@pytest.mark.django_db
def test_a_log_is_read_in_its_order_behind_one_position_up_to_another():
    insert_tuples(
        Customer, COLUMNS, [row(number, channel="app" if number % 2 else "web") for number in (5, 3, 1, 4, 2)]
    )
    ids = [pk for (pk,) in select_after(Customer, ("id",), "id", 1)]
    assert ids == [2, 3, 4, 5]
    assert select_after(Customer, ("id", "first_seen_at", "is_known"), "id", 1, upto=4, limit=2) == [
        (2, AT, True),
        (3, AT, True),
    ]
    assert select_after(Customer, ("id",), "id", 0, where="channel = %s", values=["app"]) == [(1,), (3,), (5,)]


@pytest.mark.django_db
def test_a_row_that_is_there_gets_the_named_columns_and_keeps_the_others():
    insert_tuples(Customer, COLUMNS, [row(1, channel="web")])
    insert_tuples(Customer, COLUMNS, [row(1, channel="app", n_orders=3), row(2)], update=("n_orders",))
    assert sorted(select_in(Customer, ("id", "channel", "n_orders"), "id", [1, 2])) == [(1, "web", 3), (2, "", 0)]
