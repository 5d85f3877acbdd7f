"""One customer's rows from the lake beside a full DuckDB read of the same bucket, with 0, 4 and 16 unmerged runs.

`python bench/bench_timeline.py [rows]` makes one bucket of a million events with 120 bytes of properties each, adds runs of
0.6 % each and 15 fresh files of 10,000 rows over all buckets, and reads the newest page of 200 random customers.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "src"), str(ROOT / "analytics" / "src")]
HOME = tempfile.mkdtemp(prefix="liebian-bench-")
os.environ.update(LIEBIAN_HOME=HOME, DJANGO_SETTINGS_MODULE="liebian.config.settings")

import django  # noqa: E402

django.setup()

import pyarrow as pa  # noqa: E402

from liebian.lake import queries, rules  # noqa: E402
from liebian.lake.ordering import sort_rows  # noqa: E402
from liebian.lake.rules import bucket_of  # noqa: E402
from liebian.lake.tables import find_snapshot, find_table  # noqa: E402
from liebian.lake.types import LAYOUTS, SCHEMAS  # noqa: E402
from liebian.lake.writing import commit_rows, create_table, write_file  # noqa: E402

CUSTOMERS, BUCKET, PAGE, ROUNDS = 40_000, 3, 21, 200
KEYS = ["event_id", "at", "type", "name"]
rng = np.random.default_rng(7)


def ids_of_bucket() -> np.ndarray:
    ids = np.arange(1, CUSTOMERS * 20)
    return ids[bucket_of(ids, 16) == BUCKET][:CUSTOMERS]


def events(owners: np.ndarray, first: int, since: int) -> pa.Table:
    n = len(owners)
    at = (
        pa.array(since + np.sort(rng.integers(0, 10**12, n)))
        .cast(pa.timestamp("us"))
        .cast(pa.timestamp("us", tz="UTC"))
    )
    words = rng.integers(0, 10**15, n)
    names = pa.array(["Product Viewed", "Page", "Order Completed", "Cart Viewed"]).take(pa.array(rng.integers(0, 4, n)))
    body = [
        f'{{"properties": {{"product_id": "P{w % 5000}", "session": "{w:032x}", "title": "A page {w % 977} of the shop"}}}}'
        for w in words.tolist()
    ]
    same = {"type": "track", "source": "shop"}
    columns = {
        "event_id": np.arange(first, first + n), "customer_id": owners, "name": names, "at": at, "received_at": at,
        "day": at.cast(pa.date32()), "body": body, **{name: [value] * n for name, value in same.items()},
    }  # fmt: skip
    arrays = [
        pa.array(columns[f.name], f.type) if f.name in columns else pa.nulls(n, f.type) for f in SCHEMAS["events"]
    ]
    return pa.table(arrays, schema=SCHEMAS["events"])


def add(owners: np.ndarray, first: int, since: int, kind: str) -> None:
    delta = find_table("events") or create_table("events")
    leaf = None if kind == "fresh" else (16, BUCKET)
    rows = sort_rows(events(owners, first, since), LAYOUTS["events"], by_bucket=kind == "fresh")
    commit_rows(delta, write_file("events", [rows], kind=kind, leaf=leaf), reader="bench", position=first)


def page(customer: int) -> None:
    found = queries.locate_rows("events", [customer], KEYS)
    at = found.keys["at"].cast(pa.int64()).to_numpy()
    newest = np.lexsort((found.keys["event_id"].to_numpy(), at))[::-1][:PAGE]
    found.take(newest.tolist(), ["event_id", "body", "personal_sealed", "user_id"])


def full_read() -> float:
    import duckdb

    files = [
        f"{find_snapshot('events').url}/{part.path}" for part in find_snapshot("events").parts if part.kind != "fresh"
    ]
    started = time.perf_counter()
    duckdb.execute(
        'SELECT count(*), max(epoch_us("at")), max(length(body)), max(name) FROM read_parquet(?)', [files]
    ).fetchall()
    return (time.perf_counter() - started) * 1000


def main(rows: int) -> None:
    ids = ids_of_bucket()
    since = 1_700_000_000_000_000
    add(rng.choice(ids, rows), 1, since, "base")
    first, runs = rows + 1, 0
    for _ in range(rules.FRESH - 1):
        add(rng.integers(1, CUSTOMERS * 16, 10_000), first, since + 3 * 10**12, "fresh")
        first += 10_000
    print(
        "| unmerged runs | rows | p50 ms | p95 ms | DuckDB, whole bucket, ms | ratio of p95 |\n|--:|--:|--:|--:|--:|--:|"
    )
    for wanted in (0, 4, 16):
        while runs < wanted:
            add(rng.choice(ids, rows * 6 // 1000), first, since + 2 * 10**12, "run")
            first, runs = first + rows, runs + 1
        customers = rng.choice(ids, ROUNDS).tolist()
        page(customers[0])
        taken = []
        for customer in customers:
            started = time.perf_counter()
            page(customer)
            taken.append((time.perf_counter() - started) * 1000)
        full = np.median([full_read() for _ in range(3)])
        p50, p95 = np.percentile(taken, [50, 95])
        total = sum(part.rows for part in find_snapshot("events").parts)
        print(f"| {runs} | {total:,} | {p50:.1f} | {p95:.1f} | {full:.0f} | {p95 / full:.2f} |", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
