"""The ledger: entries posted a second, a hot account, the proof, and what an account of a million postings held at any instant.

    python bench/bench_ledger.py [--entries 20000] [--workers 8] [--postings 1000000] [--asked 300]

Works in a temporary home on SQLite, or on the empty database that DATABASE_URL names. An entry has four postings: from a budget to two
customers. The peer of posting is one process that inserts the same rows into tables without indexes, in as many transactions; that of
a balance of any instant is the sum over all postings of the account. Prints rates, times and ratios; stops by itself.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from installation import use_home_of_its_own
from together import run_together, wait_for_the_others

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
DAYS = 180


def read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--entries", type=int, default=20_000)
    parser.add_argument("--workers", type=int, default=8)
    parser.add_argument("--postings", type=int, default=1_000_000)
    parser.add_argument("--asked", type=int, default=300)
    parser.add_argument("--work", nargs=4, type=int, help=argparse.SUPPRESS)
    return parser.parse_args()


def draft(number: int, book: str, source: Any) -> Any:
    """`source` gives to two of 5,000 customers."""
    from liebian.ledger.types import AccountRef, EntryDraft, Leg

    one, two = (
        AccountRef(f"reserved:{who}:{book}", "reserved", "CNY/2", book) for who in (number % 5000, 5000 + number % 4999)
    )
    legs = (Leg(source, -100), Leg(one, 100), Leg(source, -50), Leg(two, 50))
    return EntryDraft(f"{book}:{number}", "grant", legs, BEGIN + timedelta(seconds=number), subject=f"{book}:{number}")


def fund(book: str, shards: int) -> Any:
    from liebian.ledger import services
    from liebian.ledger.types import AccountRef, EntryDraft, PoolRef, move

    pool = PoolRef(f"budget:{book}", "budget", "CNY/2", shards, book)
    world = AccountRef(f"world:{book}", "world", "CNY/2", book)
    entries = [EntryDraft(f"fund:{part.code}", "fund", move(world, part, 10**12), BEGIN) for part in pool.parts]
    services.post_many(entries=entries, now=BEGIN)
    return pool


def post_alone(count: int, batch: int) -> float:
    from liebian.ledger import services

    book = f"alone{batch}"
    source = fund(book, 1).part(0)
    drafts = [draft(number, book, source) for number in range(count)]
    began = time.perf_counter()
    for start in range(0, count, batch):
        services.post_many(entries=drafts[start : start + batch], now=BEGIN)
    return time.perf_counter() - began


def bare_insert(book: str, count: int, batch: int) -> float:
    """The same rows into bare tables, `batch` entries to a transaction."""
    from django.db import connection, transaction

    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM ledger_entry WHERE subject LIKE %s ORDER BY id LIMIT %s", [f"{book}:%", count])
        entries = [[json.dumps(v) if isinstance(v, dict) else v for v in row] for row in cursor.fetchall()]
        cursor.execute(
            "SELECT * FROM ledger_posting WHERE entry_id >= %s AND entry_id <= %s ORDER BY id",
            [entries[0][0], entries[-1][0]],
        )
        postings = cursor.fetchall()
        for table in ("ledger_entry", "ledger_posting"):
            cursor.execute(f"DROP TABLE IF EXISTS bare_{table}")
            cursor.execute(f"CREATE TABLE bare_{table} AS SELECT * FROM {table} WHERE 1 = 0")
        sql = {
            table: f"INSERT INTO bare_{table} VALUES ({', '.join(['%s'] * len(rows[0]))})"
            for table, rows in (("ledger_entry", entries), ("ledger_posting", postings))
        }
        per_entry = len(postings) // len(entries)
        began = time.perf_counter()
        for start in range(0, len(entries), batch):
            with transaction.atomic():
                cursor.executemany(sql["ledger_entry"], entries[start : start + batch])
                cursor.executemany(sql["ledger_posting"], postings[start * per_entry : (start + batch) * per_entry])
        return time.perf_counter() - began


def work(shards: int, first: int, count: int, batch: int) -> None:
    """One worker: waits for a line on its standard input, then draws its share from the hot account."""
    from django.db import connection

    from liebian.ledger import services
    from liebian.ledger.types import PoolRef

    book = f"hot{shards}"
    pool = PoolRef(f"budget:{book}", "budget", "CNY/2", shards, book)
    drafts = [draft(number, book, pool.part_for(f"{number}")) for number in range(first, first + count)]
    connection.ensure_connection()
    wait_for_the_others()
    for start in range(0, count, batch):
        services.post_each(entries=drafts[start : start + batch], now=BEGIN)
    print("done", flush=True)


def post_hot(options: argparse.Namespace, shards: int, batch: int) -> float:
    fund(f"hot{shards}", shards)
    share = options.entries // options.workers
    command = [sys.executable, __file__, "--work", str(shards)]
    taken, answers = run_together([*command, str(n * share), str(share), str(batch)] for n in range(options.workers))
    assert answers == ["done"] * options.workers
    return taken


def fill_busy(postings: int) -> None:
    """One account with so many postings over half a year, written by SQL as posting would have."""
    from django.db import connection

    is_postgres = connection.vendor == "postgresql"
    numbers = f"generate_series(0, {postings - 1}) AS n(i)" if is_postgres else "n"
    series = (
        ""
        if is_postgres
        else f"WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < {postings - 1}) "
    )
    step = DAYS * 86_400 / postings
    moment = (
        f"'2026-01-01 00:00:00+00'::timestamptz + i * {step} * interval '1 second'"
        if is_postgres
        else f"strftime('%Y-%m-%d %H:%M:%f', '2026-01-01', (i * {step}) || ' seconds')"
    )
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(max(id), 0) FROM ledger_entry")
        before = cursor.fetchone()[0]
        for code, kind in (("world:busy", "world"), ("budget:busy", "budget")):
            sign = -1 if kind == "world" else 1
            cursor.execute(
                "INSERT INTO ledger_account (code, kind, asset, book, title, balance, opened_at) VALUES (%s, %s, 'CNY/2', 'busy', '', %s, %s)",
                [code, kind, sign * postings, BEGIN if is_postgres else f"{BEGIN:%Y-%m-%d %H:%M:%S}"],
            )
        cursor.execute("SELECT id FROM ledger_account WHERE book = 'busy' ORDER BY kind")
        pot, world = (row[0] for row in cursor.fetchall())
        cursor.execute(
            "INSERT INTO ledger_entry (id, idempotency_key, body_hash, kind, subject, effective_at, inserted_at, memo) "
            f"{series}SELECT {before + 1} + i, 'busy:' || i, '', 'fund', '', {moment}, {moment}, '{{}}' FROM {numbers}"
        )
        for account, amount in ((pot, 1), (world, -1)):
            cursor.execute(
                f"INSERT INTO ledger_posting (entry_id, account_id, amount) {series}SELECT {before + 1} + i, {account}, {amount} FROM {numbers}"
            )
        if is_postgres:
            cursor.execute(
                "SELECT setval(pg_get_serial_sequence('ledger_entry', 'id'), (SELECT max(id) FROM ledger_entry))"
            )
    if is_postgres:
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE ledger_posting")
            cursor.execute("VACUUM ANALYZE ledger_entry")


def percentiles(act: Callable[[datetime], object], asked: list[datetime]) -> str:
    times = []
    for instant in asked:
        began = time.perf_counter()
        act(instant)
        times.append(1000 * (time.perf_counter() - began))
    times.sort()
    return f"p50 {times[len(times) // 2]:.1f} ms, p95 {times[len(times) * 95 // 100]:.1f} ms"


def sum_bare(instant: datetime) -> int:
    from django.db.models import Sum

    from liebian.ledger.models import Posting

    rows = Posting.objects.filter(account__code="budget:busy", entry__effective_at__lt=instant)
    return int(rows.aggregate(n=Sum("amount"))["n"] or 0)


def measure_posting(options: argparse.Namespace) -> None:
    for batch in (1, 100):
        count = options.entries if batch > 1 else options.entries // 4
        taken = post_alone(count, batch)
        bare = bare_insert(f"alone{batch}", count, batch)
        rates = f"{count / taken:,.0f} entries/s, {4 * count / taken:,.0f} postings/s"
        print(
            f"  post, {batch} to a call: {rates}; bare inserts {count / bare:,.0f} entries/s, {taken / bare:.1f} times as long"
        )
    for shards in (1, 8):
        taken = post_hot(options, shards, 20)
        print(
            f"  hot account in {shards} parts, {options.workers} workers, 20 to a call: {options.entries / taken:,.0f} entries/s"
        )


def measure_proof(options: argparse.Namespace) -> None:
    from liebian.ledger import services

    for name, is_full in (("goes on", False), ("full", True)):
        began = time.perf_counter()
        proof = services.prove(now=BEGIN + timedelta(days=DAYS), is_full=is_full)
        taken = time.perf_counter() - began
        assert proof.holds, proof.findings[:3]
        read = proof.n_entries if is_full else proof.n_new
        print(f"  proof {name}: {read:,} entries in {taken:.1f} s, {read / taken:,.0f}/s")


def measure_instants(options: argparse.Namespace) -> None:
    from liebian.ledger import queries

    chance = random.Random(7)
    asked = [BEGIN + timedelta(seconds=chance.uniform(0, DAYS * 86_400)) for _ in range(options.asked)]
    for instant in asked[:5]:
        assert queries.balance_as_of("budget:busy", instant) == sum_bare(instant)
        known = instant - timedelta(days=3)
        assert queries.balance_as_of("budget:busy", instant, known_at=known) == sum_bare(known)
    print("  at any instant: ", percentiles(lambda one: queries.balance_as_of("budget:busy", one), asked))
    known = lambda one: queries.balance_as_of("budget:busy", one, known_at=one - timedelta(days=3))  # noqa: E731
    print("  as it was known:", percentiles(known, asked))
    print("  summing all:    ", percentiles(sum_bare, asked[:20]))


def main() -> None:
    options = read_options()
    use_home_of_its_own(migrate=not options.work)
    if options.work:
        work(*options.work)
        return
    from django.db import connection

    print(
        f"{connection.vendor}: {options.entries:,} entries of four postings, an account of {options.postings:,} postings"
    )
    measure_posting(options)
    fill_busy(options.postings)
    measure_proof(options)
    measure_instants(options)


if __name__ == "__main__":
    main()
