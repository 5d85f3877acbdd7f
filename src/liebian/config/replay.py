"""Does what we have follow from the log? Reads the log from zero into a second installation and compares.

Staff's decisions (programmes with their drawn arms, segments, tier models, budgets and their funding) are records: they are
copied first. Everything else is made anew by the stages. SQLite only: it needs a second installation of its own.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from django.conf import settings

from liebian.core.errors import Conflict, Unavailable
from liebian.core.texts import mark as _
from liebian.events import queries as events

RECORDS = [
    "access_organisation", "tiers_tiermodel", "segments_segment", "referrals_programme", "referrals_programmechange",
    "referrals_participation", "rewards_budget", "rewards_offer",
]  # fmt: skip
FUNDING = "kind = 'fund'"
PARTS = {
    "customers": "SELECT id, is_known, user_id, merged_into, channel, city, first_seen_at, known_at, referred_by, n_orders, "
    "revenue_minor, first_order_at, last_order_at FROM customers_customer ORDER BY id",
    "identifiers": 'SELECT hex("index"), kind, customer_id FROM customers_identifier ORDER BY 1',
    "events with people": "SELECT event_id, customer_id, type, name, at_ms, received_ms FROM customers_customerevent ORDER BY 1",
    "orders": "SELECT id, external_id, customer_id, total_minor, refunded_minor, status FROM orders_order ORDER BY id",
    "revenue": "SELECT external_id, kind, amount_minor, n_orders, event_id FROM orders_orderchange ORDER BY event_id, external_id",
    "tiers": "SELECT model, customer_id, cell FROM customers_tiermembership ORDER BY 1, 2",
    "referrals": "SELECT programme_id, referee_id, referrer_id, code, state, reason FROM referrals_referral ORDER BY 1, 2, 3",
    "decisions": "SELECT q.order_external_id, d.role, d.customer_id, d.outcome, d.reason FROM referrals_decision d "
    "JOIN referrals_qualification q ON q.id = d.qualification_id ORDER BY 1, 2",
    "rewards": "SELECT qualification, rule, role, customer_id, state, reason, amount, cost_minor, clawed_amount, clawed_minor, "
    "owed_minor, hold_until FROM rewards_reward ORDER BY 1, 2, 3",
    "balances": "SELECT code, asset, balance FROM ledger_account ORDER BY 1",
}


@dataclass(frozen=True)
class Part:
    name: str
    rows: int
    equal: bool
    first_difference: str

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def check_replay() -> list[Part]:
    """Replay in a temporary folder and compare, part by part. Writes nothing to this installation."""
    if settings.DATABASES["default"]["ENGINE"] != "django.db.backends.sqlite3":
        raise Conflict(
            "replay_needs_sqlite", _("A replay needs an installation on SQLite files. Restore a backup into one.")
        )
    with tempfile.TemporaryDirectory(prefix="liebian-replay-") as folder:
        home = Path(folder)
        shutil.copy(settings.HOME / "keys.json", home / "keys.json")
        for name in ("main", "log"):  # main first, so that no cursor points past the log
            _copy_database(settings.HOME / f"{name}.sqlite3", home / f"{'records' if name == 'main' else name}.sqlite3")
        _bring_back(home)
        _liebian(home, "migrate")
        _copy_records(home / "records.sqlite3", home / "main.sqlite3")
        _liebian(home, "stages")
        return _compare(home / "records.sqlite3", home / "main.sqlite3")


def _copy_database(source: Path, target: Path) -> None:
    with sqlite3.connect(source) as old, sqlite3.connect(target) as new:
        old.backup(new)


def _bring_back(home: Path) -> None:
    """What has left the database for the lake comes back: events into the log, their people into the records."""
    with sqlite3.connect(home / "log.sqlite3") as log, sqlite3.connect(home / "records.sqlite3") as records:
        for rows, owners in events.stream_retired():
            names = list(rows[0])
            columns, marks = ", ".join(f'"{name}"' for name in names), ", ".join("?" * len(names))
            log.executemany(
                f"INSERT OR IGNORE INTO events_event ({columns}) VALUES ({marks})",  # noqa: S608 - our own columns
                [tuple(row.values()) for row in rows],
            )
            records.executemany(
                "INSERT OR IGNORE INTO customers_customerevent (event_id, customer_id, type, name, at_ms) "
                "VALUES (?, ?, ?, ?, ?)",
                [
                    (row["id"], owner, row["type"], row["name"], row["at_ms"])
                    for row, owner in zip(rows, owners, strict=True)
                    if owner is not None
                ],
            )


def _liebian(home: Path, command: str) -> None:
    environment = {
        **os.environ,
        "LIEBIAN_HOME": str(home),
        "LIEBIAN_LAKE_URL": "",
        "PYTHONPATH": os.pathsep.join(sys.path),
    }
    code = "from liebian.config.cli.main import run; run()"
    done = subprocess.run(
        [sys.executable, "-c", code, command, "--json"], env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise Unavailable(
            "replay_failed",
            _("`liebian %(command)s` failed in the replay: %(output)s"),
            command=command,
            output=(done.stdout + done.stderr)[-500:],
        )


def _copy_records(source: Path, target: Path) -> None:
    connection = sqlite3.connect(target)
    connection.execute("ATTACH ? AS kept", [str(source)])
    with connection:
        for table in RECORDS:
            connection.execute(f"DELETE FROM main.{table}")  # noqa: S608 - names from the list above
            columns = ", ".join(f'"{row[1]}"' for row in connection.execute(f"PRAGMA main.table_info({table})"))
            connection.execute(f"INSERT INTO main.{table} ({columns}) SELECT {columns} FROM kept.{table}")  # noqa: S608
        connection.execute(f"INSERT INTO main.ledger_entry SELECT * FROM kept.ledger_entry WHERE {FUNDING}")  # noqa: S608
        connection.execute(
            "INSERT INTO main.ledger_account SELECT * FROM kept.ledger_account WHERE kind NOT IN ('coupons', 'points')"
        )
        connection.execute(
            "INSERT INTO main.ledger_posting SELECT * FROM kept.ledger_posting WHERE entry_id IN (SELECT id FROM main.ledger_entry)"
        )
        connection.execute(
            "UPDATE main.ledger_account SET balance = coalesce((SELECT sum(amount) FROM main.ledger_posting WHERE account_id = main.ledger_account.id), 0)"
        )
    connection.close()


def _compare(before: Path, after: Path) -> list[Part]:
    with sqlite3.connect(before) as old, sqlite3.connect(after) as new:
        return [_part(name, _rows(old, query), _rows(new, query)) for name, query in PARTS.items()]


def _rows(connection: sqlite3.Connection, query: str) -> list[tuple[Any, ...]]:
    return connection.execute(query).fetchall()


def _part(name: str, old: list[tuple[Any, ...]], new: list[tuple[Any, ...]]) -> Part:
    if _digest(old) == _digest(new):
        return Part(name, len(old), True, "")
    pairs = zip([*old, *[()] * len(new)], [*new, *[()] * len(old)], strict=True)
    was, now = next((a, b) for a, b in pairs if a != b)
    return Part(name, len(old), False, f"was {was}, is {now}")


def _digest(rows: list[tuple[Any, ...]]) -> bytes:
    total = hashlib.blake2b()
    for row in rows:
        total.update(repr(row).encode())
    return total.digest()
