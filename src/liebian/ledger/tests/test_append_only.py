"""Nothing in the ledger is changed or removed, whoever asks the database: by rows, by tables, or by writing over them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import DatabaseError, connection, transaction

from liebian.ledger import services
from liebian.ledger.services import segments
from liebian.ledger.types import AccountRef, EntryDraft, HoldDraft, move

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 6, 1, 4, tzinfo=UTC)
WORLD = AccountRef("world:t", "world", "CNY/2", book="t")
BUDGET = AccountRef("budget:t", "budget", "CNY/2", book="t")

FIXED = {
    "ledger_account": ["code = 'other'", "kind = 'world'", "asset = 'USD/2'", "book = ''"],
    "ledger_entry": ["kind = 'other'", "effective_at = inserted_at", "memo = '{}'"],
    "ledger_posting": ["amount = amount + 1"],
    "ledger_hold": ["amount = 1", "target_id = source_id"],
    "ledger_segment": ["digest = ''", "turnover = '{}'"],
    "ledger_statement": ["amount = amount + 1"],
    "ledger_hour_sum": ["amount = amount + 1", "hour = hour"],
    "ledger_proof": ["findings = '[]'", "digest = ''"],
}


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """At least one row in every table of the ledger."""
    monkeypatch.setattr(segments, "BUSY", 1)
    services.post(entry=EntryDraft("fund", "fund", move(WORLD, BUDGET, 100), NOW), now=NOW)
    hold = HoldDraft("h", BUDGET, WORLD, 10, NOW + timedelta(days=1), NOW)
    services.reserve(hold=hold, now=NOW)
    services.prove(now=NOW)
    connection.check_constraints()  # on PostgreSQL, what waits for the end of the transaction is in the way of TRUNCATE


def refuse(statement: str) -> None:
    with pytest.raises(DatabaseError, match="never changed"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


@pytest.mark.parametrize("table", FIXED)
def test_rows_are_neither_changed_nor_removed(table: str, kept: None):
    for change in FIXED[table]:
        refuse(f"UPDATE {table} SET {change}")
    refuse(f"DELETE FROM {table}")


@pytest.mark.parametrize("table", FIXED)
def test_tables_are_not_emptied_at_once(table: str, kept: None):
    if connection.vendor != "postgresql":
        pytest.skip("SQLite empties tables by DELETE, which is refused")
    refuse(f"TRUNCATE {table} CASCADE")


@pytest.mark.parametrize("table", ["ledger_entry", "ledger_posting", "ledger_hold"])
def test_rows_are_not_written_over(table: str, kept: None):
    if connection.vendor == "postgresql":
        pytest.skip("only SQLite knows INSERT OR REPLACE; ON CONFLICT is an UPDATE, which is refused")
    refuse(f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}")
