"""Summaries of purchases in memory equal the lazy ones, whatever the kinds of columns."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from liebian_analytics.engines import Engine
from liebian_analytics.errors import BadArgument, SchemaMismatch
from liebian_analytics.metrics.purchases import purchase_summary
from liebian_analytics.models import purchases as module
from liebian_analytics.models.purchases import summarise_purchases

START = date(2026, 1, 1)
KINDS: dict[str, Any] = {
    "small": (pa.int32(), lambda n: n),
    "wide": (pa.int64(), lambda n: (-1) ** n * (n << 58)),
    "unsigned": (pa.uint64(), lambda n: (1 << 63) + n),
    "text": (pa.string(), lambda n: f"顾客 {n}"),
    "categories": (pa.dictionary(pa.int32(), pa.string()), lambda n: f"c{n}"),
    "uneven": (pa.float64(), lambda n: n / 3),
}
ROWS = st.lists(
    st.tuples(
        st.none() | st.integers(0, 6),
        st.none() | st.integers(-3, 40),
        st.none() | st.integers(-500, 10_000),
    ),
    max_size=40,
)


def table_of(rows: list[tuple[int | None, int | None, int | None]], kind: str, time: pa.DataType) -> pa.Table:
    id_type, named = KINDS[kind]
    who = [None if n is None else named(n) for n, _, _ in rows]
    ids = pa.array(who, pa.string()).dictionary_encode() if kind == "categories" else pa.array(who, id_type)
    days = pa.array([None if d is None else START + timedelta(days=d) for _, d, _ in rows], pa.date32())
    late = pc.add(days.cast(pa.timestamp("us")), timedelta(hours=20))  # in Shanghai that is the next day
    at = days if time == pa.date32() else late.cast(time)
    return pa.table({"who": ids, "at": at, "paid": pa.array([m for _, _, m in rows], pa.int64())})


def by_customer(found: pa.Table) -> dict[Any, dict[str, Any]]:
    return {row.pop("customer_id"): row for row in found.to_pylist()}


@pytest.fixture(autouse=True, params=["packed", "too wide to pack"])
def _packing(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param != "packed":
        monkeypatch.setattr(module, "BITS", 0)


TIMES = [pa.date32(), pa.timestamp("us"), pa.timestamp("ns", "UTC"), pa.timestamp("ms", "Asia/Shanghai")]


@given(
    rows=ROWS,
    kind=st.sampled_from(sorted(KINDS)),
    time=st.sampled_from(TIMES),
    days=st.integers(0, 45),
    unit=st.sampled_from(["day", "week"]),
    amount=st.sampled_from([None, "paid"]),
)
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_equals_the_lazy_summary(
    engine: Engine, rows: Any, kind: str, time: pa.DataType, days: int, unit: str, amount: str | None
) -> None:
    table = table_of(rows, kind, time)
    asked: Any = {
        "as_of": START + timedelta(days=days), "time_unit": unit, "customer": "who", "time": "at", "amount": amount,
    }  # fmt: skip
    lazy = engine.run(purchase_summary(engine.from_arrow(table), **asked))
    found = summarise_purchases(table, **asked)
    assert by_customer(found) == by_customer(lazy)
    assert [(field.name, field.type) for field in found.schema][1:] == [(f.name, f.type) for f in lazy.schema][1:]


def test_moments_within_a_day_are_one_purchase() -> None:
    moments = np.array(["2026-01-01T08:00", "2026-01-01T23:59:59.999", "2026-01-02T00:00"], "datetime64[ms]")
    found = summarise_purchases(
        {"customer_id": [1, 1, 1], "day": moments, "m": [1, 2, 9]}, as_of=date(2026, 2, 1), amount="m"
    )
    assert found.to_pylist()[0] == {
        "customer_id": 1, "first_day": date(2026, 1, 1), "last_day": date(2026, 1, 2), "frequency": 1,
        "recency": pytest.approx(1 / 7), "T": pytest.approx(30 / 7), "monetary_value": 9.0,
    }  # fmt: skip


@pytest.mark.parametrize(
    "change", [{"customer": "customr"}, {"time": "m"}, {"amount": "customer_id"}, {"amount": "dya"}]
)
def test_refuses_columns_that_do_not_fit(change: dict[str, str]) -> None:
    table = {"customer_id": ["a"], "day": [START], "m": [1]}
    with pytest.raises(SchemaMismatch, match=r"there is no column|must be"):
        summarise_purchases(table, as_of=date(2026, 2, 1), **change)


def test_refuses_an_unknown_unit() -> None:
    with pytest.raises(BadArgument, match="time_unit must be one of"):
        summarise_purchases({"customer_id": ["a"], "day": [START]}, as_of=date(2026, 2, 1), time_unit="month")
