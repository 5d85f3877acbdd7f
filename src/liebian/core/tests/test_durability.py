"""What lagging commits may lose, and that nothing is lost once it is settled."""

from __future__ import annotations

import pytest
from django.db import connection

from liebian.core.durability import lagging_commits, settle

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite's commits do not lag"),
]


def asked(sql: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return str(cursor.fetchone()[0])


def test_commits_lag_inside_only_and_on_new_connections_as_well():
    with lagging_commits():
        assert asked("SHOW synchronous_commit") == "off"
        connection.close()
        assert asked("SHOW synchronous_commit") == "off"
    assert asked("SHOW synchronous_commit") == "on"


def test_what_was_settled_is_on_the_disk():
    with lagging_commits():
        for _ in range(3):
            asked("SELECT pg_logical_emit_message(true, 'test', repeat('x', 5000))")
            written = asked("SELECT pg_current_wal_insert_lsn()")
    settle(connection)
    assert asked(f"SELECT pg_current_wal_flush_lsn() >= '{written}'::pg_lsn") == "True"
