"""What is compared, part by part. Both sides are SQLite files by then.

What did not follow from the log is left out, see by_hand. Which part of a budget holds how much depends on who came first: its parts
count together. An account that holds nothing is as one that was never opened.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from liebian.config.replay.by_hand import mark_by_hand
from liebian.core.errors import Invalid
from liebian.core.texts import mark as _

PARTS = {
    "customers": "SELECT id, is_known, user_id, merged_into, channel, city, first_seen_at, known_at, referred_by, n_orders, "
    "revenue_minor, first_order_at, last_order_at FROM customers_customer ORDER BY id",
    "identifiers": 'SELECT hex("index"), kind, customer_id FROM customers_identifier ORDER BY 1',
    "events with people": "SELECT event_id, customer_id, type, name, at_ms, received_ms FROM customers_customerevent ORDER BY 1",
    "orders": "SELECT id, external_id, customer_id, total_minor, refunded_minor, status FROM orders_order ORDER BY id",
    "revenue": "SELECT external_id, kind, amount_minor, n_orders, event_id, currency FROM orders_orderchange "
    "ORDER BY event_id, external_id, currency",
    "tiers": "SELECT model, customer_id, cell FROM customers_tiermembership ORDER BY 1, 2",
    "referrals": "SELECT programme_id, referee_id, referrer_id, code, state, reason FROM referrals_referral ORDER BY 1, 2, 3",
    "decisions": "SELECT q.order_external_id, d.role, d.customer_id, d.outcome, d.reason FROM referrals_decision d "
    "JOIN referrals_qualification q ON q.id = d.qualification_id ORDER BY 1, 2",
    "rewards": "SELECT qualification, rule, role, customer_id, amount, cost_minor, hold_until, iif(qualification IN by_hand, '', "
    "json_array(state, reason, clawed_amount, clawed_minor, owed_minor)) FROM rewards_reward ORDER BY 1, 2, 3",
    "balances": "SELECT iif(kind IN ('budget', 'reserved'), substr(code, 1, instr(code || '/', '/') - 1), code) AS whole, asset, "
    "sum(balance - coalesce((SELECT sum(amount) FROM moved_by_hand WHERE account_id = id), 0)) AS held FROM ledger_account "
    "WHERE code NOT IN (SELECT code FROM points_by_hand) GROUP BY whole, asset HAVING held <> 0 ORDER BY 1",
}


@dataclass(frozen=True)
class Part:
    name: str
    rows: int
    equal: bool
    first_difference: str

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def choose_parts(wanted: Iterable[str]) -> list[str]:
    """The parts of these names in the usual order; all of them when none is named. Raises Invalid "unknown_part"."""
    names = set(wanted)
    if unknown := names - set(PARTS):
        raise Invalid(
            "unknown_part",
            _("There is no part called %(part)s. The parts are %(known)s."),
            part=min(unknown),
            known=", ".join(PARTS),
        )
    return [name for name in PARTS if not names or name in names]


def compare(before: Path, after: Path, names: Iterable[str]) -> list[Part]:
    with closing(sqlite3.connect(before)) as old, closing(sqlite3.connect(after)) as new:
        mark_by_hand(old, new)
        return [_part(name, _rows(old, PARTS[name]), _rows(new, PARTS[name])) for name in names]


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
