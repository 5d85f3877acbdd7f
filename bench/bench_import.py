"""Import of an order file against a bare DuckDB `COPY` of the same file into Parquet, in the same run.

    python bench/bench_import.py [FILE] [--preset uci-online-retail]

Prints rows per second of the import alone, of the import with the identity and order stages, of the bare copy, and the
ratios. Each import goes into an empty installation of its own (SQLite, in a temporary folder).
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "src"), str(ROOT / "analytics" / "src")]
NAME = "online_retail_2010_2011.parquet"
FILE = Path(os.environ.get("LIEBIAN_BENCH_DATA", ".")) / NAME


def time_copy(file: Path, folder: Path, rounds: int) -> float:
    """Median seconds of the peer: read everything, write everything, decide nothing."""
    import duckdb

    reader = f"read_parquet('{file}')" if file.suffix == ".parquet" else f"read_csv('{file}', all_varchar = true)"
    found = []
    for number in range(rounds):
        with duckdb.connect() as connection:
            started = time.perf_counter()
            connection.execute(f"COPY (SELECT * FROM {reader}) TO '{folder / f'{number}.parquet'}' (FORMAT parquet)")
            found.append(time.perf_counter() - started)
    return statistics.median(found)


def time_import(file: Path, preset: str | None) -> dict[str, float]:
    """Seconds of the import, of the stages behind it, and of the same import again."""
    from django.core.management import call_command

    from liebian.core import clock, cursors
    from liebian.customers import services as customers
    from liebian.events import services as events
    from liebian.orders import services as orders

    for alias in ("default", "log"):
        call_command("migrate", database=alias, verbosity=0)
    options = {"preset": preset} if preset else {}
    marks = [time.perf_counter()]

    def bring() -> dict[str, object]:
        job = events.start_import(path=file, filename=file.name, options=options, actor="bench", now=clock.now())
        report = events.run_import(job_id=job, now=clock.now())
        marks.append(time.perf_counter())
        return report.as_dict()

    report = bring()
    for stage in (customers.advance, orders.advance):
        cursors.drain(stage)
        marks.append(time.perf_counter())
    again = bring()
    assert again["created"] == again["updated"] == 0, again
    seconds = [after - before for before, after in pairwise(marks)]
    return {"rows": report["rows"], **dict(zip(("import", "customers", "orders", "again"), seconds, strict=True))}  # type: ignore[dict-item]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", nargs="?", type=Path, default=FILE)
    parser.add_argument("--preset", default="uci-online-retail")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    if not given.file.exists():
        print(f"not run: {given.file} is not there; name the file, or its folder in LIEBIAN_BENCH_DATA")
        return
    with tempfile.TemporaryDirectory() as home:
        os.environ |= {"LIEBIAN_HOME": home, "DATABASE_URL": "", "DJANGO_SETTINGS_MODULE": "liebian.config.settings"}
        import django

        django.setup()
        copy = time_copy(given.file, Path(home), 3)
        found = time_import(given.file, given.preset or None)
    rows = found["rows"]
    whole = found["import"] + found["customers"] + found["orders"]
    result = {
        "rows": rows,
        "copy_seconds": round(copy, 2),
        "import_seconds": round(found["import"], 2),
        "identity_seconds": round(found["customers"], 2),
        "orders_seconds": round(found["orders"], 2),
        "again_seconds": round(found["again"], 2),
        "import_rows_per_s": round(rows / found["import"]),
        "whole_rows_per_s": round(rows / whole),
        "copy_rows_per_s": round(rows / copy),
        "import_to_copy": round(found["import"] / copy, 1),
        "whole_to_copy": round(whole / copy, 1),
    }
    if given.json:
        print(json.dumps(result))
        return
    for name, value in result.items():
        print(f"{name:>20}  {value:,}")


if __name__ == "__main__":
    main()
