"""Ten million lots of points: one customer's balance, one customer's burn, and the night in which a million lots end.

    python bench/bench_points.py [--lots 10000000] [--customers 1000000] [--piece 10000] [--asked 2000]

Works in a temporary home on SQLite, or on the empty database that DATABASE_URL names. The lots are written by SQL; a tenth of them end on
one day, as many on the next. The first day's are ended by `expire_points`, piece by piece with full posting, the second day's by one bare
UPDATE of the same columns in the same run. Prints times and the ratio; stops by itself.
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from installation import use_home_of_its_own

DAY = datetime(2026, 6, 1, 16, tzinfo=UTC)
EARNED = datetime(2026, 1, 1, tzinfo=UTC)
ENDS = {0: DAY, 1: DAY + timedelta(days=1), 2: None}


def read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lots", type=int, default=10_000_000)
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--piece", type=int, default=10_000)
    parser.add_argument("--asked", type=int, default=2_000)
    return parser.parse_args()


def fill(lots: int, customers: int) -> None:
    """Every customer has as many lots; one of ten ends on the first day, one on the second, the others at a day of three years."""
    from django.db import connection

    from liebian.rewards.models import PointsLot

    with connection.schema_editor() as editor:
        for index in PointsLot._meta.indexes:
            editor.remove_index(PointsLot, index)
    is_postgres = connection.vendor == "postgresql"
    numbers = "generate_series(0, {last}) AS n(i)" if is_postgres else "n"
    series = "" if is_postgres else "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < {last}) "
    later = "'2026-06-03 16:00:00+00'::timestamptz + (i % 1000) * interval '1 day'" if is_postgres else (
        "strftime('%%Y-%%m-%%d %%H:%%M:%%S', '2026-06-03 16:00:00', (i %% 1000) || ' days')"
    )  # fmt: skip
    first, second, earned, now = (_said(each, is_postgres) for each in (DAY, DAY + timedelta(days=1), EARNED, EARNED))
    kind = f"((i % 10) + (i / {customers}) % 10) % 10"
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO rewards_points_lot (customer_id, asset, cause, amount, remaining, reserved, expired, clawed, state, "
            f"expiry, active_from, expires_at, earned_at, trace) {series.format(last=lots - 1)}SELECT i % {customers}, 'POINTS/0', "
            f"'bench:' || i, 10 + i % 90, 10 + i % 90, 0, 0, 0, 'active', 'days', {earned}, CASE {kind} WHEN 0 THEN {first} "
            f"WHEN 1 THEN {second} ELSE {later.replace('%%', '%')} END, {earned}, '{{}}' FROM {numbers.format(last=lots - 1)}"
        )
        cursor.execute(
            "INSERT INTO ledger_account (code, kind, asset, book, title, balance, opened_at) SELECT 'points:' || customer_id, 'points', "
            f"'POINTS/0', 'points', '', sum(remaining), {now} FROM rewards_points_lot GROUP BY customer_id"
        )
        cursor.execute(
            "INSERT INTO ledger_account (code, kind, asset, book, title, balance, opened_at) SELECT 'world:POINTS/0', 'world', "
            f"'POINTS/0', 'points', '', -sum(balance), {now} FROM ledger_account"
        )
    with connection.schema_editor() as editor:
        for index in PointsLot._meta.indexes:
            editor.add_index(PointsLot, index)
    if is_postgres:
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE rewards_points_lot")
            cursor.execute("VACUUM ANALYZE ledger_account")


def _said(moment: datetime, is_postgres: bool) -> str:
    text = f"{moment:%Y-%m-%d %H:%M:%S}"
    return f"'{text}+00'::timestamptz" if is_postgres else f"'{text}'"


def percentiles(act: Callable[[int], object], asked: list[int]) -> str:
    times = []
    for customer in asked:
        began = time.perf_counter()
        act(customer)
        times.append(1000 * (time.perf_counter() - began))
    times.sort()
    return f"p50 {times[len(times) // 2]:.2f} ms, p95 {times[len(times) * 95 // 100]:.2f} ms, max {times[-1]:.1f} ms"


def end_first_day(piece: int) -> tuple[int, float, float]:
    """Lots ended, seconds in all, the longest call."""
    from liebian.rewards import services

    ended, longest, began = 0, 0.0, time.perf_counter()
    while True:
        one = time.perf_counter()
        done = services.expire_many_points(at=DAY, now=DAY, piece=piece)
        longest = max(longest, time.perf_counter() - one)
        if not done:
            return ended, time.perf_counter() - began, longest
        ended += done


def end_second_day_bare() -> tuple[int, float]:
    from django.db import connection

    end = DAY + timedelta(days=1)
    began = time.perf_counter()
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE rewards_points_lot SET expired = expired + remaining, remaining = 0, state = 'expired' "
            "WHERE state = 'active' AND remaining > 0 AND expires_at <= %s",
            [end if connection.vendor == "postgresql" else f"{end:%Y-%m-%d %H:%M:%S}"],
        )
        return cursor.rowcount, time.perf_counter() - began


def check() -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT sum(balance) FROM ledger_account")
        assert cursor.fetchone()[0] == 0
        cursor.execute(
            "SELECT (SELECT sum(balance) FROM ledger_account WHERE kind = 'points') - (SELECT sum(remaining) FROM rewards_points_lot)"
        )
        assert cursor.fetchone()[0] == 0


def main() -> None:
    options = read_options()
    use_home_of_its_own(migrate=True)
    from django.db import connection

    from liebian.rewards import queries, services
    from liebian.rewards.types import PointsBurn

    began = time.perf_counter()
    fill(options.lots, options.customers)
    print(
        f"{connection.vendor}: {options.lots:,} lots of {options.customers:,} customers, filled in {time.perf_counter() - began:.0f} s"
    )
    drawn = random.Random(7).sample(range(options.customers), 2 * options.asked)
    asked, spenders = drawn[: options.asked], drawn[options.asked :]
    queries.get_points_balance(0, at=EARNED)
    print("  balance:", percentiles(lambda one: queries.get_points_balance(one, at=EARNED), asked))

    def burn(customer: int) -> None:
        [outcome] = services.burn_points(burns=[PointsBurn(f"bench:{customer}", customer, 15, EARNED)], now=EARNED)
        assert outcome.accepted

    print("  burn:   ", percentiles(burn, spenders))
    worked = time.process_time()
    ended, taken, longest = end_first_day(options.piece)
    worked = time.process_time() - worked
    print(
        f"  night:   {ended:,} lots in {taken:.1f} s ({ended / taken:,.0f}/s, longest call {longest:.2f} s), "
        f"{1e6 * worked / ended:.0f} µs of this process for a lot"
    )
    check()
    bare, alone = end_second_day_bare()
    print(
        f"  bare:    {bare:,} lots in {alone:.1f} s; the night takes {taken / ended * bare / alone:.1f} times as long"
    )


if __name__ == "__main__":
    main()
