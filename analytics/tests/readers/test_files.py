from __future__ import annotations

import subprocess
import sys
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import deltalake
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter
from liebian_analytics.engines import Engine, connect
from liebian_analytics.errors import BadArgument, SchemaMismatch
from liebian_analytics.readers import OrderSource, open_table, read_orders, write_table
from liebian_analytics.readers.files import line_of_row

COLUMNS = OrderSource("who", "on", "paid")
ROWS = {"who": ["ann", "bob", "ann"], "on": ["2026-01-01", "2026-01-02", "2026-01-05"], "paid": [12.5, 3.0, 1.25]}


def typed() -> pa.Table:
    table = pa.table(ROWS)
    days = pa.array([date.fromisoformat(text) for text in ROWS["on"]])  # type: ignore[arg-type]
    return table.set_column(1, "on", days)


def as_csv(folder: Path) -> Any:
    return write_table(pa.table(ROWS), folder / "orders.csv")


def as_semicolons_in_chinese(folder: Path) -> Any:
    path = folder / "orders.txt"
    path.write_bytes(
        "who;on;paid;城市\nann;2026-01-01;12.5;上海\nbob;2026-01-02;3;\nann;2026-01-05;1.25;京\n".encode("gb18030")
    )
    return path


def as_sheet(folder: Path) -> Any:
    path = folder / "orders.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet, day = book.add_worksheet("2026"), book.add_format({"num_format": "yyyy-mm-dd"})
        sheet.write_row(0, 0, list(ROWS))
        for n, row in enumerate(typed().to_pylist(), 1):
            sheet.write(n, 0, row["who"])
            sheet.write_datetime(n, 1, datetime.combine(row["on"], datetime.min.time()), day)
            sheet.write(n, 2, row["paid"])
    return path


def as_parquet(folder: Path) -> Any:
    return write_table(typed(), folder / "orders.parquet")


def as_delta(folder: Path) -> Any:
    deltalake.write_deltalake(folder / "delta", typed().slice(0, 2))
    deltalake.write_deltalake(folder / "delta", typed().slice(2), mode="append")
    return folder / "delta"


def as_database(folder: Path) -> Any:
    path = folder / "orders.duckdb"
    code = 'import sys, duckdb; duckdb.connect(sys.argv[1]).execute("CREATE TABLE o AS SELECT * FROM \'" + sys.argv[2] + "\'")'
    subprocess.run([sys.executable, "-c", code, str(path), str(as_parquet(folder))], check=True)
    return path


SOURCES = [
    as_csv,
    as_semicolons_in_chinese,
    as_sheet,
    as_parquet,
    as_delta,
    as_database,
    lambda folder: typed(),
    lambda folder: pd.DataFrame(ROWS),
    lambda folder: typed().to_pandas(),
    lambda folder: pl.DataFrame(ROWS),
]


@pytest.mark.parametrize("source", SOURCES)
def test_every_source_tells_the_same_orders(engine: Engine, tmp_path: Path, source: Any) -> None:
    orders = read_orders(source(tmp_path), COLUMNS, engine)
    found = engine.run(orders.named(orders.facts, "who").select("who", "day", "amount_minor")).to_pylist()
    told = sorted((row["who"], row["day"].isoformat(), row["amount_minor"]) for row in found)
    assert told == [("ann", "2026-01-01", 1250), ("ann", "2026-01-05", 125), ("bob", "2026-01-02", 300)]
    assert orders.digits == 2


def test_results_go_out_as_arrow_and_come_back(engine: Engine, tmp_path: Path) -> None:
    found = engine.run(read_orders(typed(), COLUMNS, engine).facts)
    assert pl.DataFrame(found).height == found.to_pandas().shape[0] == 3


ENDINGS = [".parquet", ".csv", ".xlsx", ".duckdb", ".delta"]


@pytest.mark.parametrize("ending", ENDINGS)
def test_what_is_written_is_read_again(engine: Engine, tmp_path: Path, ending: str) -> None:
    table = pa.table(
        {
            "who": ["=1+1", "b", None], "paid": [0.5, None, 3.0], "n": [1 << 60, 2, None],
            "on": [date(2026, 1, 1), None, date(2026, 1, 3)],
            "at": pa.array([datetime(2026, 1, 1, 9, 30, tzinfo=UTC), None, None], pa.timestamp("us", "UTC")),
        }
    )  # fmt: skip
    for rows in (table.slice(0, 1), table):  # the second replaces the first
        path = write_table(rows, tmp_path / f"o{ending}")
    assert [path.name for path in tmp_path.iterdir()] == [f"o{ending}"]
    found = engine.run(open_table(path, engine))
    assert found.column_names == table.column_names
    for name in table.column_names:
        assert sorted(map(_plain, found[name].to_pylist())) == sorted(map(_plain, table[name].to_pylist()))


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_result_without_rows_keeps_its_columns(engine: Engine, tmp_path: Path, ending: str) -> None:
    path = write_table(typed().slice(0, 0), tmp_path / f"o{ending}")
    found = engine.run(open_table(path, engine))
    assert (found.column_names, found.num_rows) == (["who", "on", "paid"], 0)


def test_a_worksheet_shows_times_in_utc_and_old_days_as_text(engine: Engine, tmp_path: Path) -> None:
    in_shanghai = datetime(2026, 1, 1, 7, 30, tzinfo=timezone(timedelta(hours=8)))
    table = pa.table(
        {
            "at": pa.array([in_shanghai], pa.timestamp("us", "Asia/Shanghai")), "born": [date(1850, 5, 1)],
            "note": pa.nulls(1),
        }
    )  # fmt: skip
    found = engine.run(open_table(write_table(table, tmp_path / "o.xlsx"), engine)).to_pylist()
    assert found == [{"at": datetime(2025, 12, 31, 23, 30), "born": "1850-05-01", "note": None}]


def _plain(value: Any) -> str:
    """The same cell, whichever of its types a format kept: a CSV file and a worksheet know no time zone."""
    text = "" if value is None else str(value).removesuffix("Z").removesuffix("+00:00")
    return text.removesuffix(".0").removesuffix(" 00:00:00").removesuffix(".000000")


def test_a_worksheet_that_is_too_small_says_so(tmp_path: Path) -> None:
    with pytest.raises(BadArgument, match=r"holds 1,048,575 rows, the result has 1,048,576; write \.parquet"):
        write_table(pa.table({"n": pa.nulls(1_048_576)}), tmp_path / "o.xlsx")
    assert not list(tmp_path.iterdir())


def test_what_a_worksheet_would_cut_off_is_refused(tmp_path: Path) -> None:
    assert write_table(pa.table({"t": ["x" * 32_767]}), tmp_path / "o.xlsx").exists()
    with pytest.raises(BadArgument, match=r"a cell holds 32,767 characters, a text has 32,768; write \.parquet"):
        write_table(pa.table({"t": ["x" * 32_768]}), tmp_path / "p.xlsx")
    with pytest.raises(BadArgument, match="holds 16,384 columns, the result has 16,385"):
        write_table(pa.table({f"c{n}": [1] for n in range(16_385)}), tmp_path / "p.xlsx")
    assert [path.name for path in tmp_path.iterdir()] == ["o.xlsx"]


@pytest.mark.parametrize("ending", [".parquet", ".csv", ".xlsx", ".duckdb"])
def test_a_folder_is_not_overwritten_by_a_file(tmp_path: Path, ending: str) -> None:
    (tmp_path / f"o{ending}").mkdir()
    with pytest.raises(BadArgument, match="a folder has this name"):
        write_table(typed(), tmp_path / f"o{ending}")


def test_a_folder_of_something_else_is_no_delta_table(tmp_path: Path) -> None:
    (tmp_path / "o.delta").mkdir()
    with pytest.raises(BadArgument, match="it is there and no Delta table"):
        write_table(typed(), tmp_path / "o.delta")


def test_na_is_data_and_an_empty_field_is_not(engine: Engine, tmp_path: Path) -> None:
    path = tmp_path / "o.csv"
    path.write_text("who,on,paid\nNA,2026-01-01,1\nnull,2026-01-01,1\n,2026-01-01,1\n")
    orders = read_orders(path, COLUMNS, engine)
    assert engine.run(orders.codes)["code"].to_pylist() == ["NA", "null"]
    assert [(n.code, n.n_rows) for n in orders.notices if n.n_rows] == [("no_customer", 1)]


def test_codes_that_are_numbers_come_back_as_numbers(engine: Engine) -> None:
    for codes, wanted in ((["10", "9"], [9, 10]), (["10", "09"], ["09", "10"])):
        table = pa.table({"who": codes, "on": ["2026-01-01"] * 2, "paid": [1, 1]})
        assert engine.run(read_orders(table, COLUMNS, engine).codes)["code"].to_pylist() == wanted


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("o.csv", b"", "is empty"),
        ("o.csv", b"a,a\n1,2\n", "more than one column 'a'"),
        ("o.csv", b"who,on,paid\na,2026-01-01\n", "Expected 3 columns, got 2"),
        ("o.parquet", b"no", "not a Parquet file"),
        ("o.xlsx", b"no", "cannot be read as a workbook"),
        ("o.duckdb", b"n" * 5000, "cannot be opened"),
        ("o.doc", b"no", "says no format"),
    ],
)
def test_files_that_are_not_what_they_say(
    engine: Engine, tmp_path: Path, name: str, content: bytes, words: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(BadArgument, match=words):
        read_orders(tmp_path / name, COLUMNS, engine)


def test_what_is_not_there_is_said(engine: Engine, tmp_path: Path) -> None:
    with pytest.raises(BadArgument, match="there is no file"):
        open_table(tmp_path / "nothing.csv", engine)
    with pytest.raises(BadArgument, match="neither a Delta table"):
        open_table(tmp_path, engine)
    with pytest.raises(BadArgument, match="no sheet 'x'; there are: 2026"):
        open_table(as_sheet(tmp_path), engine, table="x")
    with pytest.raises(BadArgument, match="no table 'x'; there are: o"):
        open_table(as_database(tmp_path), engine, table="x")
    with pytest.raises(BadArgument, match="cannot read a dict"):
        open_table({}, engine)
    with pytest.raises(BadArgument, match=r"must end in \.parquet, \.csv, \.xlsx, .*\.db or \.delta"):
        write_table(typed(), tmp_path / "o.doc")


def test_deletion_vectors_are_refused(engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Protocol:
        min_reader_version, reader_features = 3, ["deletionVectors"]

    folder = as_delta(tmp_path)
    monkeypatch.setattr(deltalake.DeltaTable, "protocol", lambda self: Protocol)
    with pytest.raises(BadArgument, match="uses deletionVectors"):
        open_table(folder, engine)


def test_lines_are_those_of_the_text(tmp_path: Path) -> None:
    path = tmp_path / "o.csv"
    path.write_text('who,on\n"a\nb",1\nc,2\n\nd,3\n')
    assert [line_of_row(path, row) for row in range(3)] == [3, 4, 6]


@pytest.mark.parametrize("given", ["Who", "w_ho", "whom"])
def test_an_unknown_column_is_answered_with_the_nearest(engine: Engine, given: str) -> None:
    with pytest.raises(SchemaMismatch, match=r"\(--customer\); did you mean 'who'"):
        read_orders(typed(), OrderSource(given, "on", "paid"), engine)


def test_nothing_near_lists_what_there_is(engine: Engine) -> None:
    with pytest.raises(SchemaMismatch, match="there are: who, on, paid"):
        read_orders(typed(), OrderSource("xyzzy", "on", "paid"), engine)


def test_instants_are_days_of_the_zone(engine: Engine) -> None:
    late = [datetime(2026, 1, 1, 20, tzinfo=UTC)]
    for when in (pa.array(late), pa.array(["2026-01-01T20:00:00Z"]), pa.array(["2026-01-02 04:00"])):
        table = pa.table({"who": [1], "on": when, "paid": [1]})
        orders = read_orders(table, OrderSource("who", "on", "paid", zone="Asia/Shanghai"), engine)
        row = engine.run(orders.facts).to_pylist()[0]
        assert (row["day"], row["at"]) == (date(2026, 1, 2), late[0])
    with pytest.raises(BadArgument, match="no time zone 'Mars'"):
        read_orders(table, OrderSource("who", "on", "paid", zone="Mars"), engine)


def test_a_database_with_several_tables_asks_which(tmp_path: Path) -> None:
    path = as_database(tmp_path)
    code = "import sys, duckdb; duckdb.connect(sys.argv[1]).execute('CREATE TABLE p (n int)')"
    subprocess.run([sys.executable, "-c", code, str(path)], check=True)
    with connect(threads=1) as engine:
        with pytest.raises(BadArgument, match="say which table; there are: o, p"):
            engine.read_database(path)
        assert engine.run(engine.read_database(path, "o")).num_rows == 3


def test_parquet_folders_are_read_whole(engine: Engine, tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    for n in range(2):
        pq.write_table(pa.table({"n": [n]}), tmp_path / "a" / f"{n}.parquet")
    assert engine.run(open_table(tmp_path, engine)).num_rows == 2
