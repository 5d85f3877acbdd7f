"""Rules over packed day facts: changed customers and everybody, against one DuckDB query of multiplied sums.

    python bench/bench_rules.py [everybody]

Prints milliseconds for 2,000 changed customers with 50 and 200 rules (columns and evaluation), seconds for everybody
(default 100,000 customers) in chunks on one thread, and the ratio to the query over the same facts in the same run.
"""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "analytics" / "src")]

from liebian_analytics.engines import connect  # noqa: E402
from liebian_analytics.rules import (  # noqa: E402
    EventColumn,
    OrderColumn,
    Packed,
    columns_needed,
    evaluate,
    merge_facts,
    packed_columns,
    parse_rule,
)
from liebian_analytics.rules.packed import FIRST_DAY, Additions, day_number  # noqa: E402

EVERYBODY = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
EVENTS = [f"Event {n}" for n in range(16)]
CHANNELS = ["store", "mini", "web"]
NAMES = [("orders", channel) for channel in CHANNELS] + [("events", name) for name in EVENTS]
NUMBERS = {key: number for number, key in enumerate(NAMES, 1)}
TODAY = date(2026, 6, 1)
WINDOWS = [7, 14, 30, 60, 90, 180, 365, None]


def make_rules(n: int) -> list[Any]:
    draw = random.Random(5)

    def leaf() -> dict[str, Any]:
        window = draw.choice(WINDOWS)
        if draw.random() < 0.5:
            return {
                "kind": "events",
                "name": draw.choice(EVENTS),
                "op": "ge",
                "value": draw.randint(0, 4),
                "window_days": window,
            }
        metric = draw.choice(["n_orders", "revenue_minor", "days_since_last_order", "average_order_minor"])
        value = draw.randint(1, 5) * (1000 if metric.endswith("minor") else 1)
        channel = draw.choice([None, None, *CHANNELS])
        return {
            "kind": "orders",
            "metric": metric,
            "op": "ge",
            "value": value,
            "window_days": window,
            "channel": channel,
        }

    return [
        parse_rule({"kind": draw.choice(["all_of", "any_of"]), "rules": [leaf() for _ in range(draw.randint(2, 5))]})
        for _ in range(n)
    ]


def make_blobs(n: int, per_customer: int = 20) -> list[bytes]:
    chance = np.random.default_rng(3)
    size = n * per_customer
    facts = chance.integers(1, len(NAMES) + 1, size)
    amounts = np.where(facts <= len(CHANNELS), chance.integers(100, 9000, size), 0)
    days = day_number(TODAY) - 1 - (chance.random(size) ** 2 * 700).astype(int)
    return merge_facts([b""] * n, Additions.of(chance.integers(0, n, size), days, facts, np.ones(size, int), amounts))


def members(blobs: list[bytes], rules: list[Any]) -> np.ndarray:
    packed = Packed.of(blobs)
    frame = packed_columns(packed, columns_needed(*rules), TODAY, NUMBERS) | {"customer_id": packed.owners[:0]}
    frame["customer_id"] = np.arange(packed.size)
    return np.array([evaluate(rule, frame) for rule in rules])


def in_chunks(blobs: list[bytes], rules: list[Any], chunk: int = 5000) -> int:
    return sum(int(members(blobs[at : at + chunk], rules).sum()) for at in range(0, len(blobs), chunk))


def timed(work: Callable[[], Any], rounds: int = 1) -> tuple[float, Any]:
    best, result = float("inf"), None
    for _ in range(rounds):
        begun = time.perf_counter()
        result = work()
        best = min(best, time.perf_counter() - begun)
    return best, result


def query_sums(blobs: list[bytes], rules: list[Any]) -> tuple[float, int]:
    """The same columns by one pass of multiplied sums; how many seconds, over how many columns."""
    import pyarrow as pa

    packed = Packed.of(blobs)
    table = pa.table(
        {
            name: np.ascontiguousarray(packed.records[name]).astype(np.int64)
            for name in ("day", "fact", "count", "amount")
        }
        | {"customer_id": packed.owners}
    )
    columns = [c for c in columns_needed(*rules) if not (isinstance(c, OrderColumn) and c.measure.startswith("days"))]
    with connect(threads=1) as engine:
        facts = engine.from_arrow(table)
        sums = {
            c.key: (facts["amount" if c.key.startswith("orders:rev") else "count"] * _inside(facts, c)).sum()
            for c in columns
        }
        question = facts.group_by("customer_id").aggregate(**sums)
        return timed(lambda: engine.run(question).num_rows)[0], len(columns)


def _inside(facts: Any, column: Any) -> Any:
    key = ("events", column.name) if isinstance(column, EventColumn) else ("orders", column.channel)
    inside = facts.fact <= len(CHANNELS) if key == ("orders", None) else facts.fact == NUMBERS[key]
    if column.window_days is not None:
        inside &= facts.day >= day_number(TODAY - timedelta(days=column.window_days))
    return inside.cast("int64")


def main() -> None:
    assert FIRST_DAY.year == 1990
    changed, everybody = make_blobs(2000), make_blobs(EVERYBODY)
    for n in (50, 200):
        rules = make_rules(n)
        seconds, _ = timed(lambda rules=rules: members(changed, rules), rounds=15)
        columns, _ = timed(
            lambda rules=rules: packed_columns(Packed.of(changed), columns_needed(*rules), TODAY, NUMBERS), rounds=15
        )
        print(
            f"2,000 changed x {n} rules ({len(columns_needed(*rules))} columns): {seconds * 1e3:.1f} ms, columns alone {columns * 1e3:.1f} ms"
        )
        seconds, _ = timed(lambda rules=rules: in_chunks(everybody, rules))
        query, n_columns = query_sums(everybody, rules)
        print(
            f"{EVERYBODY:,} customers x {n} rules: {seconds:.2f} s on one thread; one query of {n_columns} multiplied sums "
            f"{query:.2f} s; ratio {seconds / query:.2f}"
        )


if __name__ == "__main__":
    main()
