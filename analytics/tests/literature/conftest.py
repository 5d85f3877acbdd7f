"""The published data sets as summaries; days and holdouts as in the papers."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from liebian_analytics.engines import Engine
from liebian_analytics.metrics.purchases import purchase_summary, purchases_per_period

CDNOW = {"as_of": date(1997, 10, 1), "time": "date", "amount": "usd", "holdout_until": date(1998, 7, 1)}


@pytest.fixture(scope="session")
def cdnow_sample(engine: Engine, shared_data: Path) -> pa.Table:
    rows = engine.read_parquet(shared_data / "cdnow_sample.parquet")
    return engine.run(purchase_summary(rows, customer="sample_id", **CDNOW))


@pytest.fixture(scope="session")
def cdnow_full(engine: Engine, shared_data: Path) -> pa.Table:
    return engine.run(purchase_summary(engine.read_parquet(shared_data / "cdnow_full.parquet"), **CDNOW))


@pytest.fixture(scope="session")
def cdnow_weeks(engine: Engine, shared_data: Path) -> pa.Table:
    rows = engine.read_parquet(shared_data / "cdnow_sample.parquet")
    found = purchases_per_period(
        rows, as_of=date(1997, 10, 1), until=date(1998, 7, 1), customer="sample_id", time="date"
    )
    return engine.run(found)


@pytest.fixture(scope="session")
def grocery(engine: Engine, shared_data: Path) -> pa.Table:
    rows = engine.read_parquet(shared_data / "grocery_elog.parquet")
    return engine.run(
        purchase_summary(rows, customer="cust", time="date", as_of=date(2007, 1, 1), holdout_until=date(2007, 12, 31))
    )


@pytest.fixture(scope="session")
def apparel(engine: Engine, shared_data: Path) -> Any:
    rows = engine.read_parquet(shared_data / "apparel_trans_simulated.parquet")

    def until(as_of: date) -> pa.Table:
        return engine.run(purchase_summary(rows, customer="Id", time="Date", amount="Price", as_of=as_of))

    return until


@pytest.fixture(scope="session")
def retail(engine: Engine, shared_data: Path) -> Any:
    raw = engine.read_parquet(shared_data / "online_retail_2010_2011.parquet")
    valid = raw.filter(
        raw.CustomerID.notnull() & (raw.Quantity > 0) & (raw.UnitPrice > 0) & ~raw.InvoiceNo.startswith("C")
    )

    def until(as_of: date, unit: str) -> pa.Table:
        found = purchase_summary(valid, customer="CustomerID", time="InvoiceDate", as_of=as_of, time_unit=unit)
        return engine.run(found)

    return until
