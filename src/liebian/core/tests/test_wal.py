"""SQLite's write-ahead log is copied beside the writer, and begins anew between two transactions once it is long."""

from __future__ import annotations

import threading

import pytest
from django.db import connection

from liebian.core import wal
from liebian.core.models import Cursor

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def file_database():
    if connection.vendor != "sqlite" or connection.is_in_memory_db():
        pytest.skip("only a SQLite file has a write-ahead log")


@pytest.mark.usefixtures("file_database")
def test_what_is_committed_is_copied_and_the_next_write_begins_the_log_anew():
    Cursor.objects.bulk_create([Cursor(name=f"{'x' * 90}{number}") for number in range(2000)])
    length = wal.copy("default")
    assert length > 10
    Cursor.objects.create(name="the next")
    assert 0 < wal.copy("default") < length


@pytest.mark.usefixtures("file_database")
def test_a_long_log_is_finished_by_the_writer_when_the_thread_has_seen_it(monkeypatch):
    asked = []
    seen = threading.Event()

    def copy(name: str) -> int:
        asked.append((name, threading.current_thread().name))
        seen.set()
        return 1_000_000

    monkeypatch.setattr(wal, "copy", copy)
    monkeypatch.setattr(wal, "_EVERY_SECONDS", 0.001)
    stop = threading.Event()
    finish = wal.keep_short(stop)
    assert seen.wait(10)
    stop.set()
    for thread in threading.enumerate():
        if thread.name == "wal":
            thread.join(10)
    asked.clear()
    finish()
    finish()
    assert [name for name, _ in asked] == ["default", "log"], "each once, then not before the thread has looked again"
