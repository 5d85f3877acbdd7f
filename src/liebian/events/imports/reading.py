"""Any file into one table of text: `raw` with the row's number `n`, `ragged`, and the columns c0, c1, … in the file's order."""

# ruff: noqa: S608  (names of columns and files are quoted)

from __future__ import annotations

import csv
import sys
from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime, time
from itertools import islice
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import python_calamine
from pyarrow import parquet

from liebian.core.errors import Invalid
from liebian.core.texts import mark as _
from liebian.events.imports.files import CSV, PARQUET, check_file, find_delimiter, find_encoding
from liebian.events.imports.types import Glance

CHUNK = 50_000
MAX_COLUMNS = 500
MAX_CELL = 1_000_000
_OFFLINE: dict[str, Any] = {"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"}
Tick = Callable[[], None]
Row = list[str | None]


def connect(folder: Path) -> duckdb.DuckDBPyConnection:
    """An engine of its own, which spills to `folder` and never reaches for the network."""
    connection = duckdb.connect(":memory:", config={**_OFFLINE, "memory_limit": "2GB", "temp_directory": str(folder)})
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute("SET enable_progress_bar = false")  # it would draw between the lines of a command's answer
    return connection


def load(connection: duckdb.DuckDBPyConnection, path: Path, tick: Tick = lambda: None) -> list[str]:
    """Fill the table `raw`; returns the file's header. Raises Invalid when the file holds no table."""
    if check_file(path) == PARQUET:
        return _load_parquet(connection, path)
    header, rows = open_rows(path)
    _create(connection, len(header))
    first = 1
    while chunk := list(islice(rows, CHUNK)):
        _append(connection, chunk, len(header), first)
        first += len(chunk)
        tick()
    return header


def glance(path: Path, limit: int = 20) -> Glance:
    """Columns and first rows, without reading the rest."""
    kind = check_file(path)
    if kind != PARQUET:
        header, rows = open_rows(path)
        shown = [tuple((row + [None] * len(header))[: len(header)]) for row in islice(rows, limit)]
        return Glance(kind, tuple(header), tuple(shown))
    with duckdb.connect(":memory:", config=_OFFLINE) as connection:
        connection.execute("SET enable_progress_bar = false")
        header = _parquet_header(path)
        picked = ", ".join(f"CAST({_quoted(column)} AS VARCHAR)" for column in header)
        found = connection.execute(f"SELECT {picked} FROM read_parquet({_literal(path)}) LIMIT {limit}").fetchall()
    return Glance(kind, tuple(header), tuple(tuple(row) for row in found))


def _quoted(column: str) -> str:
    return '"' + column.replace('"', '""') + '"'


def _literal(path: Path) -> str:
    """As text in the query: a bound parameter would make the engine import pandas first."""
    return "'" + str(path).replace("'", "''") + "'"


def _parquet_header(path: Path) -> list[str]:
    try:
        return list(parquet.read_schema(path).names)
    except (pa.ArrowException, OSError, ValueError):
        raise Invalid("file_damaged", _("The Parquet file is damaged or was cut off. Export it again.")) from None


def _load_parquet(connection: duckdb.DuckDBPyConnection, path: Path) -> list[str]:
    header = _parquet_header(path)
    picked = ", ".join(f"CAST({_quoted(column)} AS VARCHAR) AS c{index}" for index, column in enumerate(header))
    try:
        connection.execute(
            f"CREATE TABLE raw AS SELECT file_row_number + 1 AS n, false AS ragged, {picked} "
            f"FROM read_parquet({_literal(path)}, file_row_number = true)"
        )
    except duckdb.Error:
        raise Invalid("file_damaged", _("The Parquet file is damaged or was cut off. Export it again.")) from None
    return header


def open_rows(path: Path) -> tuple[list[str], Iterator[Row]]:
    """The names of the columns, each its own, and the rows of a CSV or XLSX."""
    rows = _csv_rows(path) if check_file(path) == CSV else _xlsx_rows(path)
    header = next(rows, None)
    if header is None or not any(header):
        raise Invalid("file_empty", _("The file has no header row."))
    names = _unique([(name or "").strip() or f"column {index + 1}" for index, name in enumerate(header)])
    if len(names) > MAX_COLUMNS:
        raise Invalid(
            "not_a_table",
            _("The first row has %(cells)s cells; at most %(limit)s columns are read."),
            cells=len(names),
            limit=MAX_COLUMNS,
        )
    return names, rows


def _unique(names: list[str]) -> list[str]:
    seen: dict[str, int] = {}
    result = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        result.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return result


def _csv_rows(path: Path) -> Iterator[Row]:
    """Rows of a CSV in the encoding and with the delimiter that it turns out to have. Blank lines are no rows."""
    encoding = find_encoding(path)
    csv.field_size_limit(min(MAX_CELL, sys.maxsize))
    with path.open(encoding=encoding, newline="", errors="strict") as stream:
        delimiter = find_delimiter([line for line in islice(stream, 20) if len(line) < MAX_CELL])
        stream.seek(0)
        try:
            for row in csv.reader(stream, delimiter=delimiter):
                if row and any(row):
                    yield [cell or None for cell in row]
        except (csv.Error, UnicodeError):
            raise Invalid(
                "not_a_table", _("The file cannot be read as a table to its end. Export it again as CSV in UTF-8.")
            ) from None


def _xlsx_rows(path: Path) -> Iterator[Row]:
    """Rows of the first sheet that has any."""
    try:
        book = python_calamine.CalamineWorkbook.from_path(str(path))
        for name in book.sheet_names:
            sheet = book.get_sheet_by_name(name)
            if sheet.height:
                for row in sheet.iter_rows():
                    if any(cell not in (None, "") for cell in row):
                        yield [_cell_text(cell) for cell in row]
                return
    except (python_calamine.CalamineError, OSError, ValueError):
        raise Invalid(
            "file_damaged", _("The workbook cannot be read. Save it again, or save the sheet as CSV.")
        ) from None


def _cell_text(value: object) -> str | None:
    if value is None or value == "":
        return None
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return str(int(value))
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    return str(value)


def _create(connection: duckdb.DuckDBPyConnection, width: int) -> None:
    columns = ", ".join(f"c{index} VARCHAR" for index in range(width))
    connection.execute(f"CREATE TABLE raw (n BIGINT, ragged BOOLEAN, {columns})")


def _append(connection: duckdb.DuckDBPyConnection, rows: list[Row], width: int, first: int) -> None:
    ragged = [len(row) > width and any(row[width:]) for row in rows]
    even: Iterable[Row] = (row[:width] if len(row) >= width else row + [None] * (width - len(row)) for row in rows)
    columns = list(zip(*even, strict=True))
    arrays = [pa.array(range(first, first + len(rows)), pa.int64()), pa.array(ragged, pa.bool_())]
    arrays += [pa.array(column, pa.string()) for column in columns]
    names = ["n", "ragged", *(f"c{index}" for index in range(width))]
    connection.register("chunk", pa.Table.from_arrays(arrays, names=names))
    connection.execute("INSERT INTO raw SELECT * FROM chunk")
    connection.unregister("chunk")
