"""Churn on real shops by rolling origin: calibration, log-loss beside the recency rule, precision at capacity, lead time.

    python bench/bench_churn.py [--data FOLDER] [--horizon-days 60] [--origins 6] [--model boosted]

FOLDER, or $LIEBIAN_BENCH_DATA, holds online_retail_2010_2011.parquet and grocery_elog.parquet. The peer is the recency rule on the same customers.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "analytics" / "src"))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=os.environ.get("LIEBIAN_BENCH_DATA"))
    parser.add_argument("--horizon-days", type=int, default=60)
    parser.add_argument("--origins", type=int, default=6)
    parser.add_argument("--model", choices=["boosted", "hazard"], default="boosted")
    given = parser.parse_args()
    if given.data is None:
        print("not run: name the folder of the two shops with --data or LIEBIAN_BENCH_DATA")
        return 0
    from liebian_analytics.engines import connect

    missed = 0
    with connect(threads=2) as engine:
        for name, rows in (("Online Retail", retail(engine, given.data)), ("grocery", grocery(engine, given.data))):
            missed += judge(name, engine, engine.keep(rows.distinct()), given)
    return missed


def retail(engine: Any, folder: Path) -> Any:
    raw = engine.read_parquet([folder / "online_retail_2010_2011.parquet"])
    sold = raw.filter(raw.CustomerID.notnull() & (raw.Quantity > 0) & (raw.UnitPrice > 0))
    return sold.select(customer_id=sold.CustomerID.cast("int64"), day=sold.InvoiceDate.date())


def grocery(engine: Any, folder: Path) -> Any:
    raw = engine.read_parquet([folder / "grocery_elog.parquet"])
    return raw.select(customer_id=raw.cust, day=raw.date)


def judge(name: str, engine: Any, rows: Any, given: argparse.Namespace) -> int:
    from liebian_analytics.models import BoostedChurn, HazardChurn, backtest_churn

    kind = BoostedChurn if given.model == "boosted" else HazardChurn
    last = engine.run(rows.aggregate(last=rows.day.max()))["last"][0].as_py()
    origins = [last - timedelta(days=given.horizon_days - 1 + 14 * place) for place in range(given.origins)]
    began = time.perf_counter()
    found = backtest_churn(lambda: kind(horizon_days=given.horizon_days), rows, as_ofs=origins)
    seconds = time.perf_counter() - began
    model, rule = found.model, found.rule
    print(
        f"{name}, {given.model}, {given.horizon_days} days, {len(origins)} origins, {model.n_customers:,} judged, {seconds:.1f} s"
    )
    print(
        f"  calibration slope {model.calibration_slope:.3f}, intercept {model.calibration_intercept:+.2f}; AUC {model.auc:.3f} (rule {rule.auc:.3f})"
    )
    print(
        f"  log-loss {model.log_loss:.4f} = {model.log_loss / rule.log_loss:.3f} x the recency rule's {rule.log_loss:.4f}"
    )
    for one in found.origins:
        print(
            f"  {one.as_of}  stayed away {one.model.churn_rate:.3f}  log-loss {one.model.log_loss:.4f} / {one.rule.log_loss:.4f}  "
            f"slope {one.model.calibration_slope:.2f}  precision at {found.weekly_capacity} {one.precision_at_capacity:.2f} "
            f"(rule {one.rule_precision_at_capacity:.2f})  lead {one.lead_days or 0:.0f} days"
        )
    return int(any(one.model.log_loss >= one.rule.log_loss for one in found.origins))


if __name__ == "__main__":
    raise SystemExit(main())
