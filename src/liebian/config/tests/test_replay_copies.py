"""What a replay copies from PostgreSQL is of one moment, as Django writes it on SQLite, and read without a right to write."""

import sqlite3
import threading
from contextlib import closing
from datetime import UTC, datetime

import pytest
from django.db import connection, connections, utils

from liebian.access.models import Organisation
from liebian.config.replay import copies
from liebian.core.models import Cursor
from liebian.events.models import Event, Source
from liebian.ledger.models import Account
from tests.live import template

pytestmark = [
    pytest.mark.django_db(databases="__all__", transaction=True),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite's files are copied as they are"),
]
NOW = datetime(2026, 6, 1, 8, 30, 0, 120, tzinfo=UTC)


@pytest.fixture
def home(tmp_path):
    template.fill_folder(tmp_path)
    return tmp_path


@pytest.fixture(autouse=True)
def shop(monkeypatch):
    monkeypatch.setattr(copies, "PAUSE", 0.01)
    Organisation.objects.update_or_create(id=1, defaults={"name": "茶铺", "currency": "CNY"})
    Source.objects.create(
        name="shop", write_key="k", is_enabled=False, created_at=NOW, allowed_origins=["https://茶.example"]
    )
    for number in (1, 2, 3):
        Event.objects.create(
            id=number, key=bytes([number] * 16), source="shop", type="track", name="Seen", at_ms=1, received_ms=2,
            body=b"\x00{}", corrections={"a": [1.5, True, None]},
        )  # fmt: skip
    read_upto(customers=2, orders=2, referrals=2)


def read_upto(**positions):
    for name, position in positions.items():
        Cursor.objects.update_or_create(name=name, defaults={"position": position, "moved_at": NOW})


def copy(home):
    copies.copy_installation(log=home / "log.sqlite3", records=home / "records.sqlite3", empty=home / "main.sqlite3")


def ask(path, query):
    with closing(sqlite3.connect(path)) as database:
        return database.execute(query).fetchall()


def elsewhere(work):
    """In a thread with a connection of its own."""

    def run():
        work()
        connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()


def test_values_stand_there_as_django_writes_them_on_sqlite(home):
    copy(home)
    assert ask(
        home / "log.sqlite3", "SELECT name, is_enabled, created_at, json(allowed_origins) FROM events_source"
    ) == [("shop", 0, "2026-06-01 08:30:00.000120", '["https://茶.example"]')]
    assert ask(home / "log.sqlite3", "SELECT id, key, body, json(corrections) FROM events_event ORDER BY id") == [
        (number, bytes([number] * 16), b"\x00{}", '{"a":[1.5,true,null]}') for number in (1, 2)
    ], "without what no stage has read"
    assert ask(home / "records.sqlite3", "SELECT id, name, currency FROM access_organisation") == [(1, "茶铺", "CNY")]


def test_what_is_written_while_it_copies_is_not_seen(home, monkeypatch):
    plain, copied = copies._copy_table, []

    def copy_and_write(table, target):
        plain(table, target)
        if not copied:
            elsewhere(lambda: Account.objects.create(code="late", kind="world", asset="CNY", opened_at=NOW))
        copied.append(table)

    monkeypatch.setattr(copies, "_copy_table", copy_and_write)
    copy(home)
    assert copied.index("ledger_account") > 0 and Account.objects.filter(code="late").exists()
    assert ask(home / "records.sqlite3", "SELECT count(*) FROM ledger_account WHERE code = 'late'") == [(0,)]


def test_it_cannot_write_here(home, monkeypatch):
    monkeypatch.setattr(copies, "_copy_table", lambda table, target: Source.objects.all().delete())
    with pytest.raises(utils.InternalError, match="read-only"):
        copy(home)
    assert Source.objects.count() == 1


def test_it_waits_until_the_stages_have_read_equally_far(home, monkeypatch):
    read_upto(customers=3)
    waits = []

    def sleep(seconds):
        waits.append(seconds)
        if len(waits) == 3:
            read_upto(orders=3, referrals=3)

    monkeypatch.setattr(copies.time, "sleep", sleep)
    copy(home)
    assert len(waits) == 3
    assert ask(home / "log.sqlite3", "SELECT max(id) FROM events_event") == [(3,)]


def test_a_stage_that_stands_still_does_not_stop_it(home, monkeypatch):
    read_upto(customers=3)
    monkeypatch.setattr(copies, "WAITS", 2)
    copy(home)
    assert ask(home / "log.sqlite3", "SELECT max(id) FROM events_event") == [(3,)]
