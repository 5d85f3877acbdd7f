"""What a replay takes from the installation: the log, and everything that is kept or compared, at one moment."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection, transaction

from liebian.core import cursors
from liebian.events import queries as events

RECORDS = [
    "access_organisation", "tiers_tiermodel", "segments_segment", "referrals_programme", "referrals_programmechange",
    "referrals_participation", "rewards_budget", "rewards_offer", "rewards_points_terms",
    "rewards_coupon_pool", "rewards_coupon_fill", "rewards_coupon_code",
]  # fmt: skip
MONEY = ["ledger_account", "ledger_entry", "ledger_posting"]
FUNDING = "kind IN ('fund', 'budget_transfer', 'budget_close', 'coupon_stock', 'gift_stock')"  # what staff put in: money, codes of coupons, gifts
DERIVED = [
    "customers_customer", "customers_identifier", "customers_customerevent", "customers_tiermembership", "orders_order",
    "orders_orderchange", "referrals_referral", "referrals_qualification", "referrals_decision", "rewards_reward",
    "rewards_points_lot", "rewards_points_use",
]  # fmt: skip
LOG = ["events_event", "events_key", "events_source", "events_schema"]
READERS = ("customers", "orders", "referrals")  # the cursors of the stages that make what is compared, the first first
WAITS, PAUSE = 100, 0.1
AT_ONCE = 5_000


def copy_installation(log: Path, records: Path, empty: Path) -> None:
    """Copy what the stages have read of the log into `log`, the rest into the new file `records`.

    `log` and `empty` have their tables. Only reads here. Waits for a moment in which the stages have read equally far; where
    one stands still it goes ahead after a while.
    """
    for is_last in (*[False] * WAITS, True):
        with _one_moment():
            if is_last or len({*cursors.positions_of(READERS).values()}) == 1:
                (_copy_postgres if connection.vendor == "postgresql" else _copy_files)(log, records, empty)
                _bring_back(log, records)
                _cut(log, records)
                return
        time.sleep(PAUSE)


def copy_records(source: Path, target: Path) -> None:
    """Staff's decisions and the money they put in, into an installation that has nothing yet."""
    with _opened(target) as main_db:
        main_db.execute("ATTACH ? AS kept", [str(source)])
        for table in RECORDS:
            main_db.execute(f"DELETE FROM main.{table}")  # noqa: S608 - names from the list above
            columns = _joined(_columns(main_db, table))
            main_db.execute(f"INSERT INTO main.{table} ({columns}) SELECT {columns} FROM kept.{table}")  # noqa: S608
        main_db.execute("UPDATE main.referrals_participation SET customer_id = drawn_for")  # merges come with the log
        main_db.execute(f"INSERT INTO main.ledger_entry SELECT * FROM kept.ledger_entry WHERE {FUNDING}")  # noqa: S608
        main_db.execute(
            "INSERT INTO main.ledger_account SELECT * FROM kept.ledger_account WHERE kind NOT IN ('coupons', 'points')"
        )
        main_db.execute(
            "INSERT INTO main.ledger_posting SELECT * FROM kept.ledger_posting WHERE entry_id IN (SELECT id FROM main.ledger_entry)"
        )
        main_db.execute(
            "UPDATE main.ledger_account SET balance = coalesce((SELECT sum(amount) FROM main.ledger_posting WHERE account_id = main.ledger_account.id), 0)"
        )


@contextmanager
def _one_moment() -> Iterator[None]:
    """On PostgreSQL a transaction that sees one moment and cannot write."""
    if connection.vendor != "postgresql":
        yield
        return
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield


def _copy_files(log: Path, records: Path, _empty: Path) -> None:
    for name, target in (("main", records), ("log", log)):  # main first, so that no cursor points past the log
        with _opened(settings.HOME / f"{name}.sqlite3") as old, _opened(target) as new:
            old.backup(new)


def _copy_postgres(log: Path, records: Path, empty: Path) -> None:
    with _opened(empty) as old, _opened(records) as new:
        old.backup(new)
    for path, tables in ((log, LOG), (records, ["core_cursor", *RECORDS, *MONEY, *DERIVED])):
        with _opened(path) as target:
            for table in tables:
                _copy_table(table, target)


def _copy_table(table: str, target: sqlite3.Connection) -> None:
    columns = _columns(target, table)
    target.execute(f"DELETE FROM {table}")  # noqa: S608 - names from the lists above; migrations may have put rows there
    marks = ", ".join("?" * len(columns))
    with connection.chunked_cursor() as cursor:
        cursor.execute(f"SELECT {_joined(columns)} FROM {table}")  # noqa: S608
        while rows := cursor.fetchmany(AT_ONCE):
            target.executemany(
                f"INSERT INTO {table} ({_joined(columns)}) VALUES ({marks})",  # noqa: S608
                [[_for_sqlite(value) for value in row] for row in rows],
            )


def _for_sqlite(value: Any) -> Any:
    """As Django would have written it there. JSON arrives as text, booleans are numbers."""
    if isinstance(value, datetime):
        return str(value.astimezone(UTC).replace(tzinfo=None))
    return value.isoformat() if isinstance(value, date) else value


def _bring_back(log_path: Path, records_path: Path) -> None:
    """What has left the database for the lake comes back: events into the log, their people into the records."""
    owned = ("id", "type", "name", "at_ms", "received_ms")
    with _opened(log_path) as log, _opened(records_path) as records:
        for rows, owners in events.stream_retired():
            names = list(rows[0]) if rows else []
            log.executemany(
                f"INSERT OR IGNORE INTO events_event ({_joined(names)}) VALUES ({', '.join('?' * len(names))})",  # noqa: S608
                [tuple(row.values()) for row in rows],
            )
            records.executemany(
                "INSERT INTO customers_customerevent (event_id, type, name, at_ms, received_ms, customer_id) "
                "VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (event_id) DO NOTHING",
                [
                    (*[row[name] for name in owned], owner)
                    for row, owner in zip(rows, owners, strict=True)
                    if owner is not None
                ],
            )


def _cut(log_path: Path, records_path: Path) -> None:
    """Events that no stage had read yet are not part of the question. Their keys stay: what was said once stays a repeat."""
    with _opened(log_path) as log, _opened(records_path) as records:
        row = records.execute("SELECT position FROM core_cursor WHERE name = ?", [READERS[0]]).fetchone()
        log.execute("DELETE FROM events_event WHERE id > ?", row or (0,))


def _columns(database: sqlite3.Connection, table: str) -> list[str]:
    return [row[1] for row in database.execute(f"PRAGMA main.table_info({table})")]


def _joined(names: list[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)


@contextmanager
def _opened(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection of our own in one transaction, closed afterwards."""
    with closing(sqlite3.connect(path)) as opened, opened:
        yield opened
