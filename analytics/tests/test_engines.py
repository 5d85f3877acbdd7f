from __future__ import annotations

import re
import subprocess
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from liebian_analytics.engines import Engine, connect
from liebian_analytics.errors import BadArgument

MODULES = [
    "engines",
    "schema",
    "periods",
    "results",
    "errors",
    "rules",
    "metrics.rfm",
    "metrics.abc",
    "metrics.lifecycle",
    "metrics.summary",
    "metrics.virality",
    "metrics.orders",
    "metrics.events",
    "experiments.holdout",
]


def test_reads_a_list_of_parquet_files_as_one_table(engine: Engine, tmp_path: Path) -> None:
    for part in range(3):
        pq.write_table(pa.table({"n": [part]}), tmp_path / f"{part}.parquet")
    table = engine.read_parquet(sorted(tmp_path.glob("*.parquet")))
    assert engine.run(table.order_by("n"))["n"].to_pylist() == [0, 1, 2]


def test_an_empty_file_list_is_refused_with_the_way_out(engine: Engine) -> None:
    with pytest.raises(BadArgument, match=r"empty\(name\)"):
        engine.read_parquet([])


def test_instants_come_back_in_utc(engine: Engine) -> None:
    moment = datetime(2026, 1, 1, 23, 30, tzinfo=UTC)
    table = engine.from_rows("customers", [(1, moment, moment.date())])
    answer = engine.run(table.mutate(hour=table.first_seen_at.hour())).to_pylist()[0]
    assert (answer["first_seen_at"], answer["hour"]) == (moment, 23)


def test_no_extension_is_fetched_for_an_unknown_format(engine: Engine) -> None:
    with pytest.raises(duckdb.Error):
        engine._backend.raw_sql("SELECT * FROM delta_scan('nowhere')")
    settings = engine._backend.raw_sql(
        "SELECT count(*) FROM duckdb_settings() WHERE name LIKE 'auto%known_extensions' AND value = 'false'"
    )
    assert settings.fetchone() == (2,)


def test_a_closed_engine_says_so() -> None:
    engine = connect(threads=1)
    engine.close()
    engine.close()
    with pytest.raises(BadArgument, match="closed"):
        engine.empty("customers")


def test_threads_may_share_an_engine(engine: Engine) -> None:
    numbers = engine.from_arrow(pa.table({"n": list(range(1000))}))
    sums: list[int] = []

    def ask() -> None:
        total = numbers.aggregate(total=numbers.n.sum())
        sums.extend(engine.run(total)["total"][0].as_py() for _ in range(5))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sums == [499_500] * 20


def test_importing_the_library_loads_no_engine_and_no_web_framework() -> None:
    code = f"""
import sys
for name in {MODULES!r}:
    __import__("liebian_analytics." + name)
print(sorted({{"ibis", "duckdb", "pyarrow", "pandas", "scipy", "sklearn", "pyspark", "django"}} & set(sys.modules)))
"""
    source = str(Path(__file__).resolve().parents[1] / "src")
    answer = subprocess.run(
        [sys.executable, "-c", code], env={"PYTHONPATH": source}, capture_output=True, text=True, check=True
    )
    assert answer.stdout.strip() == "[]"


def test_only_the_engine_module_names_an_engine() -> None:
    package = Path(__file__).resolve().parents[1] / "src" / "liebian_analytics"
    naming = {path.name for path in package.rglob("*.py") if re.search("duckdb|pyspark", path.read_text())}
    assert naming == {"engines.py"}


def test_it_spills_where_it_is_told(tmp_path: Path) -> None:
    with connect(memory_limit="60MB", threads=1, temp_directory=tmp_path / "spill") as engine:
        numbers = engine.from_arrow(pa.table({"n": pa.array(range(1_500_000), pa.int64())}))
        heavy = numbers.mutate(text=numbers.n.cast("string").repeat(8)).order_by("text").limit(1, offset=1_400_000)
        assert engine.run(heavy).num_rows == 1
        assert (tmp_path / "spill").is_dir()
