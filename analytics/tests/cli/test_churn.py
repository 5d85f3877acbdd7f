"""`churn` and `lifecycle --by hazard` as people run them."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from .test_cli import answer, run

COLUMNS = ("--customer", "who", "--time", "on", "--as-of", "2026-01-01")


@pytest.fixture(scope="module")
def orders(tmp_path_factory: pytest.TempPathFactory) -> Path:
    chance, rows = np.random.default_rng(7), []
    for person in range(300):
        day, stops = date(2025, 1, 1) + timedelta(days=int(chance.integers(200))), int(chance.exponential(200))
        last = day + timedelta(days=stops)
        while day < min(last, date(2026, 1, 1)):
            rows.append((f"c{person:03}", day.isoformat(), round(float(chance.uniform(5, 90)), 2)))
            day += timedelta(days=1 + int(chance.gamma(3, 10)))
    path = tmp_path_factory.mktemp("churn") / "orders.csv"
    pd.DataFrame(rows, columns=["who", "on", "paid"]).to_csv(path, index=False)
    return path


def test_chances_drivers_and_a_backtest(orders: Path, tmp_path: Path) -> None:
    out = tmp_path / "churn.parquet"
    words = ("--amount", "paid", "--horizon-days", 30, "--backtest", 2, "--weekly-capacity", 20, "--out", out)
    done = answer("churn", orders, *COLUMNS, *words)
    people = pq.read_table(out).to_pandas()
    assert done["n_customers"] == len(people) == pd.read_csv(orders).who.nunique()
    assert list(people)[:5] == ["who", "churn_probability", "driver", "warning", "recency_days"]
    assert people.churn_probability.between(0, 1).all() and people.churn_probability.is_monotonic_decreasing
    assert set(people.warning.dropna()) <= {"silent", "slowing", "none"}
    judged = done["backtest"]
    assert judged["log_loss"] < judged["rule_log_loss"] + 0.1
    assert [row["as_of"] for row in judged["origins"]] == ["2025-11-18", "2025-12-02"]
    assert judged["weekly_capacity"] == 20


@pytest.mark.parametrize("model", ["hazard"])
def test_other_models(orders: Path, model: str) -> None:
    done = answer("churn", orders, *COLUMNS, "--model", model, "--horizon-days", 30)
    assert {"who", "churn_probability", "warning"} <= set(done["rows"][0])
    assert "driver" not in done["rows"][0]


def test_lifecycle_by_hazard(orders: Path) -> None:
    done = answer("lifecycle", orders, *COLUMNS, "--by", "hazard", "--horizon-days", 60)
    assert sum(done["stages"].values()) == done["n_rows"] == pd.read_csv(orders).who.nunique()
    assert set(done["stages"]) <= {"new", "active", "loyal", "at_risk", "lost"}
    lost = [row for row in done["rows"] if row["stage"] == "lost"]
    assert lost and min(row["churn_probability"] for row in lost) >= 0.9


def test_refusals_in_one_sentence(orders: Path) -> None:
    for command, words, sentence in (
        ("churn", ("--model", "best"), "boosted, hazard, recency"),
        ("churn", ("--horizon-days", "500"), "take a shorter horizon"),
        ("churn", ("--backtest", "40"), "no purchase before"),
        ("lifecycle", ("--by", "magic"), "use rules, hazard"),
    ):
        done = run(command, orders, *COLUMNS, *words)
        assert (done.returncode, done.stdout) == (2, ""), done.stderr
        assert sentence in done.stderr and done.stderr.count("\n") == 1
