"""A pool of a million codes: made, checked for repeats and offence, written with its ledger entry; beside it a bare bulk insert
of the same rows into a table with the same primary key and nothing else.

    python bench/bench_coupons.py [--codes 1000000]

SQLite in a temporary folder, or the empty database of DATABASE_URL.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "src"), str(ROOT / "analytics" / "src")]
NOW = datetime(2026, 6, 1, tzinfo=UTC)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--codes", type=int, default=1_000_000)
    n_codes = parser.parse_args().codes
    with tempfile.TemporaryDirectory(prefix="liebian-bench-") as home:
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "liebian.config.settings")
        os.environ["LIEBIAN_HOME"] = home
        import django

        django.setup()
        run(n_codes)


def run(n_codes: int) -> None:
    from django.core.management import call_command
    from django.db import connection

    from liebian.rewards import services
    from liebian.rewards.rules import make_codes
    from liebian.rewards.types import CouponTerms, OfferDraft

    call_command("migrate", verbosity=0)
    draft = OfferDraft("coupon", "Bench", "CNY", 1000, face_minor=1000, valid_days=30, terms=CouponTerms(codes="pool"))
    offer = services.create_offer(draft=draft, now=NOW)
    pool = services.create_pool(offer_id=offer.id, name="Bench", kind="rewards", low_at=0, now=NOW)
    made = seconds(lambda: list(make_codes(bytes(32), n_codes, length=10)))
    filled = seconds(
        lambda: services.generate_codes(
            pool_id=pool.id, n_codes=n_codes, prefix="", length=10, idempotency_key="1", now=NOW
        )
    )
    with connection.cursor() as cursor:
        cursor.execute("SELECT code, pool_id FROM rewards_coupon_code ORDER BY code")
        rows = cursor.fetchall()
    assert len({code for code, _pool in rows}) == n_codes
    bare = seconds(lambda: insert_bare(rows))
    print(f"{connection.vendor}, {n_codes:,} codes")
    print(f"made in memory      {made:6.2f} s")
    print(f"pool filled         {filled:6.2f} s")
    print(f"bare bulk insert    {bare:6.2f} s")
    print(f"ratio               {filled / bare:6.2f}")


def insert_bare(rows: list[tuple[str, int]]) -> None:
    from django.db import connection, transaction

    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "CREATE TABLE bare_code (code varchar(40) PRIMARY KEY, pool_id bigint NOT NULL, cause varchar(220))"
        )
        if connection.vendor == "postgresql":
            with cursor.copy("COPY bare_code (code, pool_id) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
        else:
            cursor.executemany("INSERT INTO bare_code (code, pool_id) VALUES (%s, %s)", rows)


def seconds(act: Callable[[], object]) -> float:
    started = time.perf_counter()
    act()
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
