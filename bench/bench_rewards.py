"""Rewarded qualifications a second with full posting, from several workers against one hot budget.

    python bench/bench_rewards.py [--workers 8] [--batches 1,20,100] [--qualifications 8000] [--shards 1,8]

Works in a temporary home on SQLite (one writer, whatever the workers), or on the empty database that DATABASE_URL names. A
qualification rewards one person under a limit of their own: reward, its history, an entry with four postings, the limit. The peer
is the database alone, which copies the same rows into tables without triggers and indexes but the primary key, in as many
transactions, in one process. Prints qualifications a second and the ratio to that copy; stops by itself.
"""

from __future__ import annotations

import argparse
import sys
import time
from typing import Any

from installation import use_home_of_its_own
from together import run_together, wait_for_the_others

TABLES = ("rewards_reward", "rewards_change", "ledger_entry", "ledger_posting")


def read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--workers", type=int, default=8)
    parser.add_argument("--batches", default="1,20,100")
    parser.add_argument("--shards", default="1,8")
    parser.add_argument("--qualifications", type=int, default=8_000)
    parser.add_argument("--work", nargs=5, type=int, help=argparse.SUPPRESS)
    return parser.parse_args()


def grants(budget_id: int, offer_id: int, first: int, count: int) -> list[Any]:
    from datetime import UTC, date, datetime

    from liebian.rewards.types import GrantRequest, LimitRule, Side

    at = datetime(2026, 6, 1, 4, tzinfo=UTC)
    limit = LimitRule("monthly", "person", "month", "count", 1000, "Asia/Shanghai")
    return [
        GrantRequest(
            f"bench:{n}", "first_order", 1, budget_id, (Side("referrer", n % 5000, offer_id),), date(2026, 6, 8), at, limits=(limit,)
        )
        for n in range(first, first + count)
    ]  # fmt: skip


def work(budget_id: int, offer_id: int, first: int, count: int, batch: int) -> None:
    """One worker: waits for a line on its standard input, then grants its share."""
    from datetime import UTC, datetime

    from django.db import connection

    from liebian.rewards import services

    now = datetime(2026, 6, 1, 4, tzinfo=UTC)
    asked = grants(budget_id, offer_id, first, count)
    connection.ensure_connection()
    wait_for_the_others()
    busy = time.process_time()
    for start in range(0, count, batch):
        services.grant_pairs(grants=asked[start : start + batch], now=now)
    print(time.process_time() - busy, flush=True)


def measure(options: argparse.Namespace, shards: int, batch: int, first: int) -> tuple[float, float]:
    """Seconds on the clock, and of the workers' processors."""
    from datetime import UTC, datetime

    from liebian.rewards import services
    from liebian.rewards.types import OfferDraft

    now = datetime(2026, 6, 1, tzinfo=UTC)
    budget = services.create_budget(name=f"hot {first}", currency="CNY", now=now)
    services.fund_budget(budget_id=budget.id, amount_minor=10**12, idempotency_key="1", actor=None, now=now)
    services.set_shards(budget_id=budget.id, shards=shards, actor=None, now=now)
    offer = services.create_offer(draft=OfferDraft("points", "bench", "CNY", cost_minor=500, points=100), now=now)
    share = options.qualifications // options.workers
    command = [sys.executable, __file__, "--work", str(budget.id), str(offer.id)]
    taken, answers = run_together(
        [*command, str(first + n * share), str(share), str(batch)] for n in range(options.workers)
    )
    return taken, sum(map(float, answers))


def bare_copy(first: int, count: int, batch: int) -> float:
    """The same rows, copied by the database into bare tables, `batch` qualifications to a transaction."""
    from django.db import connection, transaction

    with connection.cursor() as cursor:
        entries = "SELECT id FROM ledger_entry WHERE subject = 'bench:' || %s"
        rewards = "SELECT id FROM rewards_reward WHERE qualification = 'bench:' || %s"
        for table in TABLES:
            cursor.execute(f"DROP TABLE IF EXISTS bare_{table}")
            cursor.execute(f"CREATE TABLE bare_{table} AS SELECT * FROM {table} WHERE 1 = 0")
        picked = {
            "rewards_reward": f"id IN ({rewards})",
            "rewards_change": f"reward_id IN ({rewards})",
            "ledger_entry": f"id IN ({entries})",
            "ledger_posting": f"entry_id IN ({entries})",
        }
        rows = {}
        for table, condition in picked.items():
            rows[table] = []
            for number in range(first, first + count):
                cursor.execute(f"SELECT * FROM {table} WHERE {condition}", [str(number)])
                rows[table].append(cursor.fetchall())
        began = time.perf_counter()
        for start in range(0, count, batch):
            with transaction.atomic():
                for table, per_cause in rows.items():
                    chosen = [row for found in per_cause[start : start + batch] for row in found]
                    marks = ", ".join(["%s"] * len(chosen[0]))
                    cursor.executemany(f"INSERT INTO bare_{table} VALUES ({marks})", [_plain(row) for row in chosen])
        return time.perf_counter() - began


def _plain(row: tuple[Any, ...]) -> list[Any]:
    import json

    return [json.dumps(value) if isinstance(value, dict | list) else value for value in row]


def main() -> None:
    options = read_options()
    use_home_of_its_own(migrate=not options.work)
    if options.work:
        work(*options.work)
        return
    from django.db import connection

    print(f"{connection.vendor}, {options.workers} workers, {options.qualifications:,} qualifications each time")
    first = 0
    for shards in map(int, options.shards.split(",")):
        for batch in map(int, options.batches.split(",")):
            taken, busy = measure(options, shards, batch, first)
            sample = min(2_000, options.qualifications)
            bare = bare_copy(first, sample, batch) * options.qualifications / sample
            print(
                f"  parts {shards:2}, batch {batch:3}: {options.qualifications / taken:8,.0f} qualifications/s, "
                f"{1e6 * busy / options.qualifications:6.0f} µs of processor each, {taken / bare:5.2f} x the bare inserts"
            )
            first += options.qualifications
    from liebian.core import clock
    from liebian.ledger.services import prove

    assert prove(now=clock.now(), is_full=True).holds


if __name__ == "__main__":
    main()
