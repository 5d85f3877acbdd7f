"""Statements that stay prepared behave as others do: seen by who counts them, told as Django tells it when the server is gone."""

from __future__ import annotations

import os

import psycopg
import pytest
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext

from liebian.core import prepared
from liebian.core.prepared import cursor_of

PG = pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite keeps its own statements")


def ask(value: int) -> int:
    with cursor_of(connection) as cursor:
        cursor.execute("SELECT %s::int + 1", [value])
        return int(cursor.fetchone()[0])


def end_from_outside(pid: int) -> None:
    """Our side learns of it with the next statement."""
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s)", [pid])


@PG
def test_a_statement_is_prepared_once_and_whoever_counts_sees_every_run(db):
    with CaptureQueriesContext(connection) as seen:
        assert [ask(value) for value in (1, 2, 3)] == [2, 3, 4]
    assert len(seen) == 3
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE 'SELECT $1::int + 1'")
        assert cursor.fetchone() == (1,)


@PG
def test_plans_are_renewed_and_statements_go_on(db, monkeypatch):
    assert ask(1) == 2
    monkeypatch.setattr(prepared, "PLANS_LAST", 0.0)
    with CaptureQueriesContext(connection):
        assert [ask(1), ask(2)] == [2, 3]


@PG
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("plans_last", [0.0, 60.0])
def test_a_server_that_is_gone_is_told_as_django_tells_it(monkeypatch, plans_last):
    assert ask(1) == 2
    monkeypatch.setattr(prepared, "PLANS_LAST", plans_last)
    end_from_outside(connection.connection.info.backend_pid)
    with pytest.raises(OperationalError):
        ask(1)
    connection.close()
    assert ask(1) == 2
