"""RFM + ABC + lifecycle over order lines, against the same by hand in DuckDB SQL and in pandas, in the same run.

    python bench/bench_grading.py [--lines 20000000] [--rounds 3] [--json] [--no-pandas]

The lines are drawn with a seed into one Parquet file in a temporary folder; everybody starts from that file. The library
and the hand-written SQL each sum the lines up per customer once, grade three times and hand over the same columns; all must give the same counts. Then: seconds to import the library, against a bare interpreter.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "analytics" / "src"))
END = date(2026, 1, 1)

LINES = """
COPY (
    SELECT customer_id, order_id, 'P' || (hash(i) % 5000) AS product_id, CAST(NULL AS VARCHAR) AS category,
        CAST(1 + hash(i, 1) % 5 AS BIGINT) AS quantity, CAST(100 + hash(i, 2) % 9900 AS BIGINT) AS revenue_minor,
        'CNY' AS currency, make_timestamptz(2025, 1, 1, 0, 0, 0) + to_days(CAST(hash(order_id) % 365 AS INTEGER)) AS at,
        DATE '2025-01-01' + CAST(hash(order_id) % 365 AS INTEGER) AS day
    FROM (
        SELECT i, CAST(i // 4 AS BIGINT) AS order_id,
            CAST(floor(pow(hash(i // 4, 7) / 18446744073709551616.0, 1.5) * {customers}) AS BIGINT) AS customer_id
        FROM range({lines}) AS t(i)
    )
) TO '{file}' (FORMAT parquet)
"""

BY_HAND = """
CREATE OR REPLACE TEMP TABLE people AS
SELECT customer_id, min(day) AS first_day, max(day) AS last_day, DATE '2026-01-01' - max(day) AS recency,
    count(*) AS frequency, sum(amount) AS money
FROM (SELECT customer_id, order_id, min(day) AS day, sum(revenue_minor) AS amount
      FROM '{file}' WHERE day < DATE '2026-01-01' GROUP BY ALL)
GROUP BY customer_id;
CREATE OR REPLACE TEMP TABLE rfm AS
WITH cuts AS (SELECT quantile_cont(recency, [0.2, 0.4, 0.6, 0.8]) AS r, quantile_cont(frequency, [0.2, 0.4, 0.6, 0.8]) AS f,
    quantile_cont(money, [0.2, 0.4, 0.6, 0.8]) AS m FROM people)
SELECT *, CASE WHEN r > 3 AND f > 3 AND m > 3 THEN 'important_value' WHEN r > 3 AND f <= 3 AND m > 3 THEN 'important_develop'
    WHEN r <= 3 AND f > 3 AND m > 3 THEN 'important_keep' WHEN r <= 3 AND f <= 3 AND m > 3 THEN 'important_winback'
    WHEN r > 3 AND f > 3 THEN 'general_value' WHEN r > 3 THEN 'general_develop' WHEN f > 3 THEN 'general_keep'
    ELSE 'general_winback' END AS cell
FROM (SELECT customer_id, first_day, last_day, recency, frequency, money,
    5 - len(list_filter(r, x -> x < recency)) AS r, 1 + len(list_filter(f, x -> x < frequency)) AS f,
    1 + len(list_filter(m, x -> x < money)) AS m FROM people, cuts);
CREATE OR REPLACE TEMP TABLE abc AS
SELECT customer_id, money, rank, before / total AS share_before, CASE WHEN before * 5 < total * 4 THEN 'A' WHEN before * 20 < total * 19 THEN 'B' ELSE 'C' END AS grade
FROM (SELECT customer_id, money, row_number() OVER (ORDER BY money DESC, customer_id) AS rank, sum(money) OVER (ORDER BY money DESC, customer_id ROWS UNBOUNDED PRECEDING) - money AS before,
    sum(money) OVER () AS total FROM people);
CREATE OR REPLACE TEMP TABLE stages AS
SELECT customer_id, frequency, money, first_day, last_day, DATE '2026-01-01' - first_day AS since_first, recency,
    CASE WHEN recency > 180 THEN 'lost' WHEN recency > 90 THEN 'at_risk'
    WHEN DATE '2026-01-01' - first_day <= 30 THEN 'new' WHEN frequency >= 3 THEN 'loyal' ELSE 'active' END AS stage FROM people;
"""


def write_lines(file: Path, lines: int) -> None:
    """Four lines an order, a long tail of customers."""
    import duckdb

    with duckdb.connect() as connection:
        connection.execute(LINES.format(lines=lines, customers=max(10, lines // 50), file=file))


def by_library(file: Path) -> dict[str, Any]:
    """Three gradings from one pass over the lines."""
    from liebian_analytics.engines import connect
    from liebian_analytics.metrics.abc import abc
    from liebian_analytics.metrics.lifecycle import stage_customers
    from liebian_analytics.metrics.orders import customer_orders_of_lines
    from liebian_analytics.metrics.rfm import score_customers

    with connect() as engine:
        people = engine.keep(customer_orders_of_lines(engine.read_parquet(file), as_of=END))
        scores = engine.run(score_customers(people, as_of=END))
        grades = engine.run(abc(people.select("customer_id", "revenue_minor"), key="customer_id"))
        stages = engine.run(stage_customers(people, as_of=END))
    return counts(scores, grades, stages)


def counts(scores: Any, grades: Any, stages: Any) -> dict[str, Any]:
    """What all must agree on."""

    def of(table: Any, column: str) -> dict[str, int]:
        found = table.group_by(column).aggregate([(column, "count")]).to_pylist()
        return {str(row[column]): row[f"{column}_count"] for row in sorted(found, key=lambda row: row[column])}

    return {
        "r": of(scores, "r"),
        "f": of(scores, "f"),
        "m": of(scores, "m"),
        "abc": of(grades, "grade"),
        "stage": of(stages, "stage"),
    }


def by_hand(file: Path) -> dict[str, Any]:
    """DuckDB SQL as somebody would write it."""
    import duckdb

    with duckdb.connect() as connection:
        connection.execute(BY_HAND.format(file=file))
        tables = [connection.execute(f"FROM {name}").to_arrow_table() for name in ("rfm", "abc", "stages")]
    return counts(*tables)


def by_pandas(file: Path) -> dict[str, Any]:
    """pandas as somebody would write it."""
    import pandas as pd
    import pyarrow as pa

    lines = pd.read_parquet(file, columns=["customer_id", "order_id", "day", "revenue_minor"])
    lines["day"] = pd.to_datetime(lines["day"])
    lines = lines[lines.day < pd.Timestamp(END)]
    orders = lines.groupby(["customer_id", "order_id"], sort=False).agg(
        day=("day", "min"), amount=("revenue_minor", "sum")
    )
    people = orders.groupby("customer_id").agg(
        first=("day", "min"), last=("day", "max"), frequency=("day", "size"), money=("amount", "sum")
    )
    people["recency"] = (pd.Timestamp(END) - people["last"]).dt.days

    def score(column: pd.Series) -> pd.Series:
        return 1 + sum((column > column.quantile(k / 5)).astype(int) for k in range(1, 5))

    people["r"], people["f"], people["m"] = 6 - score(people.recency), score(people.frequency), score(people.money)
    ranked = people.reset_index().sort_values(["money", "customer_id"], ascending=[False, True])
    before, total = ranked.money.cumsum() - ranked.money, ranked.money.sum()
    ranked["grade"] = "C"
    ranked.loc[before * 20 < total * 19, "grade"] = "B"
    ranked.loc[before * 5 < total * 4, "grade"] = "A"
    people["stage"] = "active"
    people.loc[people.frequency >= 3, "stage"] = "loyal"
    people.loc[(pd.Timestamp(END) - people["first"]).dt.days <= 30, "stage"] = "new"
    people.loc[people.recency > 90, "stage"] = "at_risk"
    people.loc[people.recency > 180, "stage"] = "lost"
    tables = (people[["r", "f", "m"]], ranked[["grade"]], people[["stage"]])
    return counts(*(pa.Table.from_pandas(table, preserve_index=False) for table in tables))


def time_alternately(ways: dict[str, Callable[[Path], Any]], file: Path, rounds: int) -> dict[str, float]:
    """Median seconds of each, taken in turn so that other work on the machine disturbs all alike."""
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    answers = {name: way(file) for name, way in ways.items()}  # once unmeasured: imports, page cache
    for _ in range(rounds):
        for name, way in ways.items():
            started = time.perf_counter()
            answers[name] = way(file)
            seconds[name].append(time.perf_counter() - started)
    assert len({json.dumps(answer, sort_keys=True) for answer in answers.values()}) == 1, answers
    return {name: statistics.median(found) for name, found in seconds.items()}


def time_import(rounds: int) -> float:
    """Seconds that importing the library's public modules adds to starting Python."""
    modules = "engines, schema, periods, results, readers, rules, metrics.rfm, metrics.abc, metrics.lifecycle, metrics.preferences"
    words = "; ".join(f"import liebian_analytics.{name.strip()}" for name in modules.split(","))

    def start(code: str) -> float:
        started = time.perf_counter()
        subprocess.run([sys.executable, "-c", code], env={"PYTHONPATH": sys.path[0]}, check=True)
        return time.perf_counter() - started

    return statistics.median(start(words) - start("pass") for _ in range(rounds))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--lines", type=int, default=20_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--no-pandas", action="store_true")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    ways: dict[str, Callable[[Path], Any]] = {"library": by_library, "sql_by_hand": by_hand}
    if not given.no_pandas:
        ways["pandas"] = by_pandas
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "lines.parquet"
        write_lines(file, given.lines)
        seconds = time_alternately(ways, file, given.rounds)
    result: dict[str, Any] = {f"{name}_seconds": round(found, 2) for name, found in seconds.items()}
    result["library_to_sql"] = round(seconds["library"] / seconds["sql_by_hand"], 2)
    if "pandas" in seconds:
        result["pandas_to_library"] = round(seconds["pandas"] / seconds["library"], 2)
    result |= {"lines": given.lines, "import_seconds": round(time_import(5), 3)}
    if given.json:
        print(json.dumps(result))
        return
    for name, value in result.items():
        print(f"{name:>22}  {value:,}")


if __name__ == "__main__":
    main()
