"""What is owed at any instant, and what one customer held, in a ledger with months of lots.

    python bench/bench_owed.py [--lots 10000000] [--customers 1000000] [--asked 100] [--days 180] [--late 0.1]

Works in a temporary home on SQLite, or on the empty database that DATABASE_URL names. Lots are earned over the days and a quarter of them is
spent in part; some entries took effect up to three weeks before they were written. The entries are written by SQL and proven by
`prove`; the last thousand come after it. The peer is one bare sum over the postings of customers, in the same run. Prints times and
ratios; stops by itself.
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from installation import take_statistics, use_home_of_its_own

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
UNPROVEN = 1_000
_SUM = """
SELECT coalesce(sum(p.amount), 0) FROM ledger_posting p JOIN ledger_account a ON a.id = p.account_id JOIN ledger_entry e ON e.id = p.entry_id
WHERE a.kind = 'points' AND e.effective_at < %s
"""
_ACCOUNTS = """
INSERT INTO ledger_account (id, code, kind, asset, book, title, balance, opened_at)
{series} SELECT 3 + i, 'points:' || i, 'points', 'POINTS/0', 'points', '', 0, {begin} FROM {numbers}
"""
_OURS = """
INSERT INTO ledger_account (id, code, kind, asset, book, title, balance, opened_at) VALUES
(1, 'world:POINTS/0', 'world', 'POINTS/0', 'points', '', 0, {begin}),
(2, 'points_burned:POINTS/0', 'points_burned', 'POINTS/0', 'points', '', 0, {begin})
"""
_ENTRIES = """
INSERT INTO ledger_entry (id, idempotency_key, body_hash, kind, subject, effective_at, inserted_at, memo)
{series} SELECT i + 1, 'owed:' || i, '', CASE i % 5 WHEN 4 THEN 'points_burn' ELSE 'points_earn' END, '', {effective}, {inserted}, '{{}}'
FROM {numbers}
"""
_CUSTOMERS = """
INSERT INTO ledger_posting (entry_id, account_id, amount)
{series} SELECT i + 1, 3 + CASE i % 5 WHEN 4 THEN (i - 4) * 7919 % {customers} ELSE i * 7919 % {customers} END,
CASE i % 5 WHEN 4 THEN -5 ELSE 10 END FROM {numbers}
"""
_AGAINST = """
INSERT INTO ledger_posting (entry_id, account_id, amount)
{series} SELECT i + 1, CASE i % 5 WHEN 4 THEN 2 ELSE 1 END, CASE i % 5 WHEN 4 THEN 5 ELSE -10 END FROM {numbers}
"""
_BALANCES = """
UPDATE ledger_account SET balance = (SELECT coalesce(sum(amount), 0) FROM ledger_posting WHERE account_id = ledger_account.id)
"""


def read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lots", type=int, default=10_000_000)
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--asked", type=int, default=100)
    parser.add_argument("--days", type=int, default=180)
    parser.add_argument("--late", type=float, default=0.1, help="share of entries that took effect before their day")
    return parser.parse_args()


def fill(options: argparse.Namespace, first: int, last: int) -> None:
    """The entries of these numbers, as posting would have written them."""
    from django.db import connection

    is_postgres = connection.vendor == "postgresql"
    step = options.days * 86_400 / (options.lots * 5 / 4)
    late = f"CASE WHEN i % 1000 < {1000 * options.late} THEN i % 21 * 86400 + i % 86400 ELSE 0 END"

    def moment(before: str) -> str:
        seconds = f"(i * {step:.6f} - ({before}))"
        if is_postgres:
            return f"'2026-01-01 00:00:00+00'::timestamptz + {seconds} * interval '1 second'"
        return f"strftime('%Y-%m-%d %H:%M:%f', '2026-01-01', {seconds} || ' seconds')"

    def said(statement: str, low: int, high: int) -> str:
        series = f"WITH RECURSIVE n(i) AS (SELECT {low} UNION ALL SELECT i + 1 FROM n WHERE i < {high})"
        return statement.format(
            series="" if is_postgres else series,
            numbers=f"generate_series({low}::bigint, {high}) AS n(i)" if is_postgres else "n",
            begin="'2026-01-01 00:00:00+00'" if is_postgres else "'2026-01-01 00:00:00'",
            customers=options.customers, effective=moment(late), inserted=moment("0"),
        )  # fmt: skip

    with connection.cursor() as cursor:
        if not first:
            cursor.execute(said(_OURS, 0, 0))
            cursor.execute(said(_ACCOUNTS, 0, options.customers - 1))
        for statement in (_ENTRIES, _CUSTOMERS, _AGAINST):
            cursor.execute(said(statement, first, last))
        cursor.execute(_BALANCES)


def prove() -> None:
    from liebian.ledger import services

    began, worked = time.perf_counter(), time.process_time()
    proof = services.prove(now=BEGIN + timedelta(days=400))
    taken, worked = time.perf_counter() - began, time.process_time() - worked
    assert proof.holds, proof.findings[:3]
    print(
        f"  proof:     {proof.n_new:,} entries in {taken:.0f} s, {1e6 * worked / proof.n_new:.0f} µs of this process each"
    )


def sum_bare(instant: datetime) -> int:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(_SUM, [connection.ops.adapt_datetimefield_value(instant)])
        return int(cursor.fetchone()[0])


def measure(what: str, act: Callable[[datetime], object], asked: list[datetime]) -> float:
    times = []
    for instant in asked:
        began = time.perf_counter()
        act(instant)
        times.append(1000 * (time.perf_counter() - began))
    times.sort()
    middle = times[len(times) // 2]
    print(f"  {what} p50 {middle:.1f} ms, p95 {times[len(times) * 95 // 100]:.1f} ms, max {times[-1]:.1f} ms")
    return middle


def main() -> None:
    options = read_options()
    use_home_of_its_own(migrate=True)
    from django.db import connection

    from liebian.ledger.queries import balance_as_of
    from liebian.rewards.queries import list_owed_as_of

    n = options.lots * 5 // 4
    began = time.perf_counter()
    fill(options, 0, n - UNPROVEN - 1)
    print(
        f"{connection.vendor}: {options.lots:,} lots of {options.customers:,} customers, {n:,} entries, {2 * n:,} postings, "
        f"filled in {time.perf_counter() - began:.0f} s"
    )
    take_statistics()
    prove()
    fill(options, n - UNPROVEN, n - 1)
    take_statistics()
    chance = random.Random(7)
    asked = [BEGIN + timedelta(seconds=chance.uniform(0, options.days * 86_400)) for _ in range(options.asked)]
    days = [each.replace(hour=16, minute=0, second=0, microsecond=0) for each in asked]
    for each in (*asked[:3], *days[:3]):
        assert [owed.owed for owed in list_owed_as_of(each)] == [sum_bare(each)], each
    owed = measure("owed:     ", list_owed_as_of, asked)
    measure("end of day:", list_owed_as_of, days)
    measure("as known: ", lambda one: list_owed_as_of(one, one + timedelta(days=3)), asked)
    customers = [f"points:{chance.randrange(options.customers)}" for _ in asked]
    measure("customer: ", lambda one: balance_as_of(customers[asked.index(one)], one), asked)
    bare = measure("bare sum: ", sum_bare, asked[:10])
    print(f"  a bare sum takes {bare / owed:.0f} times as long as what is owed")


if __name__ == "__main__":
    main()
