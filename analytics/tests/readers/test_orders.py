from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from liebian_analytics.engines import Engine
from liebian_analytics.errors import BadArgument, SchemaMismatch
from liebian_analytics.readers import Orders, OrderSource, read_orders
from liebian_analytics.readers.orders import parse_as_of


def told(engine: Engine, rows: list[tuple[Any, Any, Any]], as_of: date | None = None, **options: Any) -> Orders:
    who, on, paid = (list(column) for column in zip(*rows, strict=True))
    table = pa.table({"who": who, "on": on, "paid": paid})
    return read_orders(table, OrderSource("who", "on", "paid", **options), engine, as_of=as_of)


def codes(orders: Orders) -> dict[str, int | None]:
    return {notice.code: notice.n_rows for notice in orders.notices}


def test_unreadable_times_name_their_lines(engine: Engine, tmp_path: Path) -> None:
    path = tmp_path / "o.csv"
    path.write_text('who,on,paid\n"a\nb",2026-01-01,1\nc,31/01/2026,1\nd,,1\n')
    with pytest.raises(BadArgument, match=r"on line 4 \('31/01/2026'\), 5 \(empty\); use --time-format"):
        read_orders(path, OrderSource("who", "on", "paid"), engine)
    left = read_orders(path, OrderSource("who", "on", "paid", skip_bad=True), engine)
    assert codes(left)["bad_time"] == 2
    assert engine.run(left.facts).num_rows == 1


def test_a_format_reads_what_iso_does_not(engine: Engine) -> None:
    orders = told(engine, [("a", "12/31/2026 8:26", 1)], time_format="%m/%d/%Y %H:%M")
    assert engine.run(orders.facts)["day"].to_pylist() == [date(2026, 12, 31)]


@pytest.mark.parametrize("bad", ["nan", "inf", "1,5", "free", None, "1e300"])
def test_unreadable_amounts_stop(engine: Engine, bad: str | None) -> None:
    with pytest.raises(BadArgument, match="amounts that cannot be read, on line 2"):
        told(engine, [("a", "2026-01-01", "5"), ("a", "2026-01-01", bad)])
    orders = told(engine, [("a", "2026-01-01", "5"), ("a", "2026-01-01", bad)], skip_bad=True)
    assert codes(orders)["bad_amount"] == 1


def test_nan_in_a_column_of_numbers_stops(engine: Engine) -> None:
    with pytest.raises(BadArgument, match="amounts"):
        told(engine, [("a", "2026-01-01", float("nan"))])


def test_returns_are_left_out_aloud(engine: Engine) -> None:
    orders = told(engine, [("a", "2026-01-01", 5.0), ("a", "2026-01-02", -5.0), ("b", "2026-01-02", 0.0)])
    assert codes(orders)["not_positive"] == 2
    assert engine.run(orders.facts)["amount_minor"].to_pylist() == [5]


def test_rows_that_do_not_count_yet_are_said(engine: Engine) -> None:
    orders = told(engine, [("a", "2026-01-01", 5), ("b", "2026-01-02", 5)], as_of=date(2026, 1, 2))
    assert codes(orders)["future"] == 1


def test_repeated_rows_are_said_and_counted(engine: Engine) -> None:
    orders = told(engine, [("a", "2026-01-01", 5)] * 3 + [("b", "2026-01-01", 1)])
    assert (codes(orders)["repeats"], codes(orders)["same_moment"]) == (2, 2)
    assert engine.run(orders.facts).num_rows == 4


def test_lines_of_one_order_are_one_order(engine: Engine) -> None:
    table = pa.table(
        {"who": [1, 1, 1], "on": ["2026-01-02", "2026-01-01", "2026-01-05"], "paid": [1.5, 2.25, 9], "no": [7, 7, 8]}
    )
    orders = read_orders(table, OrderSource("who", "on", "paid", order="no"), engine)
    found = engine.run(orders.facts.order_by("day")).to_pylist()
    assert [(row["external_id"], row["day"].day, row["amount_minor"]) for row in found] == [
        ("7", 1, 375),
        ("8", 5, 900),
    ]


def test_mixed_currencies_are_refused_or_chosen(engine: Engine) -> None:
    table = pa.table({"who": [1, 2], "on": ["2026-01-02"] * 2, "paid": [1, 2], "cur": ["CNY", "USD"]})
    with pytest.raises(BadArgument, match=r"2 currencies \(CNY, USD\)"):
        read_orders(table, OrderSource("who", "on", "paid", currency="cur"), engine)
    orders = read_orders(table, OrderSource("who", "on", "paid", currency="cur", only_currency="USD"), engine)
    assert engine.run(orders.facts)["currency"].to_pylist() == ["USD"]
    with pytest.raises(BadArgument, match="no amount is in 'GBP'"):
        read_orders(table, OrderSource("who", "on", "paid", currency="cur", only_currency="GBP"), engine)


def test_outliers_one_customer_and_nobody_are_said(engine: Engine) -> None:
    many = [(f"c{n}", "2026-01-01", 10.0) for n in range(9)]
    assert "outlier" in codes(told(engine, [*many, ("x", "2026-01-01", 1e9)]))
    assert "one_customer" in codes(told(engine, [("a", "2026-01-01", 5)]))
    nobody = told(engine, [("a", "2026-01-01", -5)])
    assert "no_orders" in codes(nobody)
    assert engine.run(nobody.facts).num_rows == 0
    empty = pa.table(
        {"who": pa.array([], pa.string()), "on": pa.array([], pa.string()), "paid": pa.array([], pa.float64())}
    )
    assert "no_orders" in codes(read_orders(empty, OrderSource("who", "on", "paid"), engine))


@pytest.mark.parametrize(
    ("paid", "digits", "minor"), [(3.0, 0, 3), (0.1, 1, 1), (1.255, 3, 1255), (1e9 + 0.01, 2, 100000000001)]
)
def test_amounts_keep_the_decimals_they_have(engine: Engine, paid: float, digits: int, minor: int) -> None:
    orders = told(engine, [("a", "2026-01-01", paid)])
    assert (orders.digits, engine.run(orders.facts)["amount_minor"].to_pylist()) == (digits, [minor])


def test_times_without_a_zone_are_said(engine: Engine) -> None:
    assert "no_zone" in codes(told(engine, [("a", "2026-01-01 10:00", 5)]))
    assert "no_zone" not in codes(told(engine, [("a", "2026-01-01T10:00:00+08:00", 5), ("a", "2026-01-01", 5)]))


def test_columns_of_the_wrong_kind_are_refused(engine: Engine) -> None:
    with pytest.raises(SchemaMismatch, match="not dates"):
        told(engine, [("a", 5, 5)])
    with pytest.raises(SchemaMismatch, match="not numbers"):
        told(engine, [("a", "2026-01-01", date(2026, 1, 1))])


def test_as_of_is_a_day_or_an_aware_instant() -> None:
    assert parse_as_of("2026-01-31") == date(2026, 1, 31)
    assert parse_as_of("2026-01-31T18:00+08:00").isoformat() == "2026-01-31T18:00:00+08:00"
    for wrong in ("31.1.2026", "2026-01-31T18:00"):
        with pytest.raises(BadArgument):
            parse_as_of(wrong)


def test_warnings_are_of_what_counts_as_of_the_day(engine: Engine) -> None:
    rows = {"who": ["a", "a", "z"], "on": ["2026-01-01", "2026-01-09", "2027-01-01"], "paid": [5, 7, 10**9]}
    source = OrderSource("who", "on", "paid")
    seen = {
        when: read_orders(pa.table(rows), source, engine, as_of=when) for when in (date(2026, 2, 1), date(2028, 1, 1))
    }
    codes = {when.year: [notice.code for notice in orders.notices] for when, orders in seen.items()}
    assert codes == {2026: ["future", "one_customer"], 2028: ["outlier"]}
