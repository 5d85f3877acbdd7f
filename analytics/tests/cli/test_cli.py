"""The command as people run it: a process, files, and what it prints."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pytest

SOURCE = str(Path(__file__).resolve().parents[2] / "src")
COLUMNS = ("--customer", "who", "--time", "on", "--amount", "paid")


def run(*words: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "liebian_analytics.cli", *map(str, words)]
    environment = {**os.environ, "PYTHONPATH": SOURCE, "NO_COLOR": "1"}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def answer(*words: object) -> dict[str, Any]:
    done = run(*words, "--json")
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("\n") == 1, "one object on one line"
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.fixture(scope="module")
def orders(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("files") / "orders.csv"
    rows = [(f"c{n % 7}", f"2026-01-{1 + n * 5 % 28:02}", round(5 + n * 37 % 101 + n / 100, 2)) for n in range(40)]
    pd.DataFrame(rows, columns=["who", "on", "paid"]).to_csv(path, index=False)
    return path


def test_rfm_as_pandas_says_it(orders: Path, tmp_path: Path) -> None:
    out = tmp_path / "rfm.parquet"
    done = answer("rfm", orders, *COLUMNS, "--as-of", "2026-02-01", "--out", out)
    assert (done["n_customers"], done["out"], "rows" in done) == (7, str(out), False)
    found = pq.read_table(out).to_pandas()
    assert list(found) == ["who", "recency_days", "frequency", "monetary_value", "r", "f", "m", "cell"]
    frame = pd.read_csv(orders, parse_dates=["on"])
    people = frame.groupby("who").agg(last=("on", "max"), n=("on", "size"), paid=("paid", "sum")).reset_index()
    people["days"] = (pd.Timestamp("2026-02-01") - people["last"]).dt.days
    assert found.who.tolist() == people.who.tolist()
    assert found.recency_days.tolist() == people.days.tolist()
    assert found.frequency.tolist() == people.n.tolist()
    assert found.monetary_value.tolist() == pytest.approx(people.paid.tolist(), rel=1e-12)
    cuts = [people.paid.quantile(k / 5) for k in range(1, 5)]
    assert found.m.tolist() == [1 + sum(value > cut + 1e-9 for cut in cuts) for value in people.paid]
    cuts = [people.days.quantile(k / 5) for k in range(1, 5)]
    assert found.r.tolist() == [5 - sum(value > cut + 1e-9 for cut in cuts) for value in people.days]


def test_abc_says_its_grades(orders: Path) -> None:
    done = answer("abc", orders, "--customer", "who", "--amount", "paid", "--cuts", "0.5,0.9")
    revenue = pd.read_csv(orders).groupby("who").paid.sum().sort_values(ascending=False)
    before = (revenue.cumsum() - revenue) / revenue.sum()
    wanted = {who: "A" if share < 0.5 else "B" if share < 0.9 else "C" for who, share in before.items()}
    assert {row["who"]: row["grade"] for row in done["rows"]} == wanted
    assert sum(done["grades"].values()) == 7


def test_lifecycle_stages(orders: Path) -> None:
    done = answer("lifecycle", orders, *COLUMNS, "--as-of", "2027-01-01")
    assert done["stages"] == {"lost": 7}
    done = answer("lifecycle", orders, *COLUMNS[:4], "--as-of", "2026-02-01", "--new-days", 1, "--loyal-orders", 6)
    n = pd.read_csv(orders).groupby("who").size()
    assert done["stages"] == {"loyal": int((n >= 6).sum())} | ({"active": int((n < 6).sum())} if (n < 6).any() else {})


def test_rfm_feeds_weighted(orders: Path, tmp_path: Path) -> None:
    out = tmp_path / "rfm.csv"
    assert run("rfm", orders, *COLUMNS, "--as-of", "2026-02-01", "--out", out, "--cuts", "kmeans").returncode == 0
    done = answer("weighted", out, "--key", "who", "--weights", "frequency=2,recency_days=-1", "--normalise", "rank")
    assert [row["rank"] for row in done["rows"]] == sorted(row["rank"] for row in done["rows"])
    assert max(row["score"] for row in done["rows"]) <= 100


def test_quality_needs_no_option(orders: Path) -> None:
    done = answer("quality", orders)
    assert done["rows"][0] | {"column": "who", "n_rows": 40, "n_distinct": 7} == done["rows"][0]
    paid = next(row for row in done["rows"] if row["column"] == "paid")
    assert (paid["dtype"], paid["max"]) == ("float64", pd.read_csv(orders).paid.max())


def test_people_get_a_table_and_warnings(orders: Path) -> None:
    done = run("rfm", orders, *COLUMNS, "--as-of", "2026-01-15")
    assert done.returncode == 0
    assert "recency_days" in done.stdout
    assert "important_value" in done.stdout
    assert "warning: " in done.stderr
    assert "at or after 2026-01-15" in done.stderr


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("rfm", "F", "--customer", "wo", *COLUMNS[2:], "--as-of", "2026-02-01"), "did you mean 'who'"),
        (("rfm", "F", *COLUMNS, "--as-of", "tomorrow"), "write it as 2026-01-31"),
        (("rfm", "F", *COLUMNS), "--as-of"),
        (("rfm", "F", *COLUMNS, "--as-of", "2026-02-01", "--bins", "1"), "at least 2"),
        (("rfm", "F", *COLUMNS, "--as-of", "2026-02-01", "--bins", "many"), "--bins"),
        (("rfm", "F", *COLUMNS, "--as-of", "2026-02-01", "--cuts", "x"), "quantile, kmeans"),
        (("rfm", "F", *COLUMNS, "--as-of", "2026-02-01", "--engine", "mysql"), "spark://host:port"),
        (("rfm", "F", *COLUMNS, "--as-of", "2026-02-01", "--out", "/nowhere/x.csv"), "no folder /nowhere"),
        (("rfm", "F", "--customer", "who", "--time", "who", "--amount", "paid", "--as-of", "2026-02-01"), "on line 2 "),
        (("abc", "F", "--customer", "who", "--amount", "paid", "--cuts", "0.9,0.5"), "ascending shares"),
        (("abc", "F", "--customer", "who", "--amount", "paid", "--cuts", "a"), "numbers between commas"),
        (("abc", "F", "--customer", "who", "--amount", "paid", "--time", "on"), "both, or neither"),
        (("weighted", "F", "--key", "who", "--weights", "paid=1"), "name each row once"),
        (("weighted", "F", "--key", "paid", "--weights", "paid"), "frequency=2"),
        (("weighted", "F", "--key", "paid", "--weights", "pay=1"), "did you mean 'paid'"),
        (("quality", "nothing.csv"), "no file nothing.csv"),
        (("grade", "F"), "grade"),
    ],
)
def test_errors_are_one_sentence_and_status_2(orders: Path, words: tuple[str, ...], sentence: str) -> None:
    done = run(*(orders if word == "F" else word for word in words))
    assert done.returncode == 2, done.stderr
    assert sentence in done.stderr
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1, "one line"


@pytest.mark.parametrize(
    ("content", "rows", "warning"),
    [("who,on,paid\n", 0, "no_orders"), ("who,on,paid\na,2026-01-01,5\n", 1, "one_customer")],
)
def test_empty_files_and_one_customer(tmp_path: Path, content: str, rows: int, warning: str) -> None:
    path = tmp_path / "o.csv"
    path.write_text(content)
    done = answer("rfm", path, *COLUMNS, "--as-of", "2026-02-01")
    assert done["n_rows"] == rows
    assert warning in {notice["code"] for notice in done["warnings"]}


@pytest.mark.parametrize("command", ["rfm", "abc", "lifecycle", "clv", "churn", "quality", "weighted"])
def test_help_teaches(command: str) -> None:
    done = run(command, "--help")
    assert done.returncode == 0
    assert "FILE" in done.stdout
    assert "--out" in done.stdout
    assert "--json" in done.stdout
    assert command in run("--help").stdout


def test_a_row_without_an_indicator_has_no_score_and_is_counted(tmp_path: Path) -> None:
    path = tmp_path / "i.csv"
    path.write_text("who,orders,silence\na,3,1\nb,,2\nc,1,9\n")
    done = answer("weighted", path, "--key", "who", "--weights", "orders=1,silence=-1")
    assert {row["who"]: row["score"] for row in done["rows"]} == {"a": 100.0, "b": None, "c": 0.0}
    assert [(notice["code"], notice["n_rows"]) for notice in done["warnings"]] == [("no_score", 1)]


@pytest.mark.data
def test_online_retail_from_the_file(shared_data: Path, tmp_path: Path) -> None:
    raw = pd.read_parquet(shared_data / "online_retail_2010_2011.parquet")
    raw["total"] = (raw.Quantity * raw.UnitPrice).round(2)
    raw = raw[~raw.InvoiceNo.astype(str).str.startswith("C")]
    raw[["CustomerID", "InvoiceDate", "InvoiceNo", "total"]].to_parquet(tmp_path / "r.parquet")
    done = answer(
        "rfm", tmp_path / "r.parquet", "--customer", "CustomerID", "--time", "InvoiceDate", "--amount", "total",
        "--order", "InvoiceNo", "--as-of", "2011-12-10", "--out", tmp_path / "o.parquet",
    )  # fmt: skip
    people = pq.read_table(tmp_path / "o.parquet").to_pandas()
    assert (done["n_customers"], people.frequency.sum(), people.recency_days.median()) == (4338, 18_532, 51)
    assert round(people.monetary_value.sum(), 2) == 8_911_407.90
    assert done["cuts"]["frequency"] == [1, 2, 3, 6]
