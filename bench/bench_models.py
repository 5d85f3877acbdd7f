"""Value models against `lifetimes` 0.11.3 in the same run: medians, wall clock, one ratio per line.

    python bench/bench_models.py --lifetimes-python PATH [--pymc-python PATH] [--rounds 3] [--json] [--coverage 2000]

`lifetimes` is not a dependency of this project. Give the interpreter of an environment that has it
(`uv venv /tmp/peer && uv pip install -p /tmp/peer/bin/python lifetimes==0.11.3 pyarrow`); without it only our own
seconds are printed. Both sides get the same Parquet files; peer and product take turns, so that a busy machine slows
both. `--pymc-python` names one with pymc-marketing: its MAP fit (with its own priors, and its compilation where it is the
first of its kind) stands beside, with no promise. The summary is made twice: in memory, and lazily by DuckDB. `--coverage N` runs the study of the intervals instead: N fresh populations, each fitted anew.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "analytics" / "src")]
NAME = "shared/data/cdnow_full.parquet"
CDNOW = next((folder / NAME for folder in ROOT.parents if (folder / NAME).exists()), ROOT.parent / NAME)
BG = {"r": 0.25, "alpha": 4.5, "a": 0.8, "b": 2.4}
PARETO = {"r": 0.55, "alpha": 10.5, "s": 0.6, "beta": 11.7}
WANTED = {"bg cdnow": 8, "pareto cdnow": 20, "bg 1m": 8, "pareto 100k": 20, "summary 2m": 10}

PEER = """
import json, sys, time, warnings
warnings.filterwarnings("ignore")
import pyarrow.parquet as pq
from lifetimes import BetaGeoFitter, ParetoNBDFitter
from lifetimes.utils import summary_data_from_transaction_data
for line in sys.stdin:
    task, path = json.loads(line)
    table = pq.read_table(path).to_pandas()
    started = time.perf_counter()
    if task.startswith("summary"):
        table["day"] = table["day"].astype("datetime64[ns]")
        started = time.perf_counter()
        summary_data_from_transaction_data(table, "customer_id", "day", "amount", observation_period_end="2012-05-31")
        params = []
    else:
        fitter = (BetaGeoFitter if task.startswith("bg") else ParetoNBDFitter)()
        fitter.fit(table["frequency"], table["recency"], table["T"])
        params = list(map(float, fitter.params_))
    print(json.dumps([time.perf_counter() - started, params]), flush=True)
"""
BAYESIAN = """
import json, logging, os, sys, time, warnings
warnings.filterwarnings("ignore")
logging.disable(logging.WARNING)
answers = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)
import pyarrow.parquet as pq
from pymc_marketing.clv import BetaGeoModel, ParetoNBDModel
for line in sys.stdin:
    task, path = json.loads(line)
    table = pq.read_table(path, columns=["frequency", "recency", "T"]).to_pandas()
    table["customer_id"] = range(len(table))
    started = time.perf_counter()
    model = (BetaGeoModel if task.startswith("bg") else ParetoNBDModel)(data=table)
    model.fit(method="map", progressbar=False)
    found = model.fit_result
    params = [float(found[n].values.ravel()[0]) for n in (["r", "alpha", "a", "b"] if task.startswith("bg") else ["r", "alpha", "s", "beta"])]
    print(json.dumps([time.perf_counter() - started, params]), file=answers, flush=True)
"""


def prepare(folder: Path) -> dict[str, Path]:
    """The files both sides read."""
    import pyarrow as pa
    import pyarrow.parquet as pq
    from liebian_analytics.datasets.simulated import simulate_histories
    from liebian_analytics.engines import connect
    from liebian_analytics.metrics.purchases import purchase_summary

    rng = np.random.default_rng(20261122)
    tables = {}
    if CDNOW.exists():
        with connect() as engine:
            found = purchase_summary(engine.read_parquet(CDNOW), as_of=date(1997, 10, 1), time="date")
            tables["bg cdnow"] = tables["pareto cdnow"] = engine.run(found)
    for task, kind, params, n in (("bg 1m", "bg-nbd", BG, 1_000_000), ("pareto 100k", "pareto-nbd", PARETO, 100_000)):
        tables[task] = simulate_histories(kind, params, T=rng.uniform(27, 39, n), horizon=39, rng=rng)
    n = 2_000_000
    days = (rng.integers(0, 700, n) + 15_000).astype("datetime64[D]")
    columns = {"customer_id": rng.integers(0, 200_000, n), "day": pa.array(days), "amount": rng.gamma(2, 10, n)}
    tables["summary 2m"] = pa.table(columns)
    paths = {}
    for task, table in tables.items():
        paths[task] = folder / f"{task.replace(' ', '-')}.parquet"
        pq.write_table(table, paths[task])
    paths["summary 2m lazy"] = paths["summary 2m"]
    return paths


def ours(task: str, path: Path) -> tuple[float, list[float]]:
    """Seconds from the table in memory to the result, and the parameters."""
    import pyarrow.parquet as pq
    from liebian_analytics.engines import connect
    from liebian_analytics.metrics.purchases import purchase_summary
    from liebian_analytics.models import BgNbd, ParetoNbd
    from liebian_analytics.models.purchases import summarise_purchases

    table = pq.read_table(path)
    if task == "summary 2m":
        started = time.perf_counter()
        summarise_purchases(table, as_of=date(2012, 6, 1), time_unit="day", amount="amount")
        return time.perf_counter() - started, []
    if task == "summary 2m lazy":
        with connect() as engine:
            lazy = engine.from_arrow(table)
            started = time.perf_counter()
            engine.run(purchase_summary(lazy, as_of=date(2012, 6, 1), time_unit="day", amount="amount"))
            return time.perf_counter() - started, []
    started = time.perf_counter()
    model = (BgNbd if task.startswith("bg") else ParetoNbd)().fit(table)
    return time.perf_counter() - started, list(model.params_.values())


def log_likelihood(task: str, path: Path, params: list[float]) -> float:
    """Of any parameters by our own likelihood, so that both sides are judged alike."""
    import pyarrow.parquet as pq
    from liebian_analytics.models import BgNbd, ParetoNbd

    kind = BgNbd if task.startswith("bg") else ParetoNbd
    model = kind.from_params(**dict(zip(kind.names, params, strict=True)))
    h = model._read(pq.read_table(path))
    return float(model._objective(h, {})(np.log(params))[0])


class Peer:
    """Another library in a process of its own, which answers one task after the other."""

    def __init__(self, python: str, code: str) -> None:
        self.process = subprocess.Popen([python, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, task: str, path: Path) -> tuple[float, list[float]]:
        assert self.process.stdin and self.process.stdout
        self.process.stdin.write(json.dumps([task, str(path)]) + "\n")
        self.process.stdin.flush()
        seconds, params = json.loads(self.process.stdout.readline())
        return seconds, params

    def stop(self) -> None:
        self.process.communicate()


def measure(paths: dict[str, Path], peer: Peer | None, bayesian: Peer | None, rounds: int) -> list[dict[str, Any]]:
    rows = []
    for task, path in paths.items():
        ours(task, path)
        mine, theirs, params, their_params = [], [], [], []
        for _ in range(rounds):
            seconds, params = ours(task, path)
            mine.append(seconds)
            if peer:
                seconds, their_params = peer.ask(task, path)
                theirs.append(seconds)
        row: dict[str, Any] = {"task": task, "seconds": round(statistics.median(mine), 4)}
        if theirs:
            row["lifetimes"] = round(statistics.median(theirs), 3)
            row["ratio"] = round(row["lifetimes"] / row["seconds"], 1)
        if task in WANTED:
            row["wanted"] = WANTED[task]
        if their_params:
            gain = log_likelihood(task, path, params) - log_likelihood(task, path, their_params)
            row["gain_in_log_likelihood"] = round(gain, 4)
        if bayesian and params:
            seconds, their_params = bayesian.ask(task, path)
            row["pymc_marketing"] = round(seconds, 2)
            row["gain_over_it"] = round(
                log_likelihood(task, path, params) - log_likelihood(task, path, their_params), 4
            )
        rows.append(row)
        print("  ".join(f"{name} {value}" for name, value in row.items()), flush=True)
    return rows


def measure_predictions(path: Path) -> dict[str, Any]:
    import pyarrow.parquet as pq
    from liebian_analytics.models import BgNbd, predict

    table = pq.read_table(path)
    model = BgNbd().fit(table)
    started = time.perf_counter()
    predict(model, table, 39)
    row = {"task": "predict with intervals 1m", "seconds": round(time.perf_counter() - started, 2), "limit": 10}
    code = "import time; t = time.perf_counter(); import liebian_analytics.models; print(time.perf_counter() - t)"
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT / "analytics" / "src"
    )
    row |= {"import_seconds": round(float(found.stdout), 3), "import_limit": 0.5}
    print("  ".join(f"{name} {value}" for name, value in row.items()), flush=True)
    return row


def coverage(n: int, seed: int = 0) -> dict[str, float]:
    """Shares of 95 % intervals that hold the truth over ``n`` populations of 1,000, for BG/NBD and Gamma-Gamma."""
    import pyarrow as pa
    from liebian_analytics.datasets.simulated import simulate_histories
    from liebian_analytics.models import BgNbd, GammaGamma, clv, predict_total

    params, spending = {"r": 0.8, "alpha": 6.0, "a": 0.9, "b": 2.5}, {"p": 6.0, "q": 4.0, "v": 15.0}
    true, true_spend = BgNbd.from_params(**params), GammaGamma.from_params(**spending)
    hits: dict[str, list[float]] = {name: [] for name in ("clv per customer", "clv total", "purchases total")}
    options = {"horizon": 26, "discount_rate": 0.1, "period": 52}
    for k in range(n):
        rng = np.random.default_rng([seed, k])
        span = np.round(rng.uniform(26, 52, 1000), 1)
        table = simulate_histories("bg-nbd", params, T=span, horizon=26, rng=rng)
        x, scale = table["frequency"].to_numpy(), rng.gamma(spending["q"], size=1000) / spending["v"]
        money = np.where(x > 0, rng.gamma(spending["p"] * np.maximum(x, 1)) / scale / np.maximum(x, 1), 0.0)
        table = table.append_column("monetary_value", pa.array(money))
        model, spend = BgNbd().fit(table), GammaGamma().fit(table)
        found = clv(model, spend, table, **options)
        exact = clv(true, true_spend, table, **options)["clv"].to_numpy()
        low, high = found["clv_low"].to_numpy(), found["clv_high"].to_numpy()
        one = int(rng.integers(1000))
        hits["clv per customer"].append(float(low[one] <= exact[one] <= high[one]))
        total = predict_total(model, table, 26)
        hits["purchases total"].append(float(total.of_outcome.contains(float(table["future"].to_numpy().sum()))))
        whole = model_total(model, spend, table, options)
        hits["clv total"].append(float(whole[0] <= exact.sum() <= whole[1]))
    shares = {name: round(float(np.mean(values)), 4) for name, values in hits.items()}
    print(json.dumps({"populations": n, **shares}), flush=True)
    return shares


def model_total(model: Any, spend: Any, table: Any, options: dict[str, Any]) -> tuple[float, float]:
    from liebian_analytics.models.lifetime_value import clv_total

    found = clv_total(model, spend, table, **options).of_expectation
    return found.low or 0.0, found.high or 0.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--lifetimes-python")
    parser.add_argument("--pymc-python")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--coverage", type=int, default=0)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    if given.coverage:
        coverage(given.coverage)
        return
    if not given.lifetimes_python:
        print("no --lifetimes-python: our own seconds only (see --help)")
    with tempfile.TemporaryDirectory() as folder:
        paths = prepare(Path(folder))
        peer, bayesian = (
            Peer(python, code) if python else None
            for python, code in ((given.lifetimes_python, PEER), (given.pymc_python, BAYESIAN))
        )
        rows = measure(paths, peer, bayesian, given.rounds)
        rows.append(measure_predictions(paths["bg 1m"]))
        for other in filter(None, (peer, bayesian)):
            other.stop()
    if given.json:
        print(json.dumps(rows))


if __name__ == "__main__":
    main()
