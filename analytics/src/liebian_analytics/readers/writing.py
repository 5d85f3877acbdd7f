"""Writes a result to a file, or a Delta folder. The ending says the format; ``open_table`` reads each of them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from liebian_analytics.engines import DATABASE_SUFFIXES, write_database
from liebian_analytics.errors import BadArgument

if TYPE_CHECKING:
    import pyarrow as pa

SHEET_ROWS = 1_048_575
"""Rows of a worksheet beside its header."""
SHEET_COLUMNS = 16_384
CELL_CHARACTERS = 32_767
FIRST_YEAR = 1900
"""Worksheets know no day before it."""
EXACT = 2**53
"""Whole numbers beyond this are text in a worksheet, which knows floats only."""


def write_table(table: pa.Table, path: str | Path) -> Path:
    """Write an Arrow table as ``.parquet``, ``.csv``, ``.xlsx``, ``.db`` (a DuckDB database with the table ``result``) or
    ``.delta`` (a folder).

    An existing file is replaced only once the new one is whole; a Delta table gets a new version. A worksheet shows times
    in UTC, and days before 1900 and whole numbers beyond 2**53 as text; in it and in CSV null is an empty cell.

    Raises
    ------
    BadArgument
        If the ending is none of these, the folder does not exist or there is one of the file's name, the rows, columns or
        a text do not fit into a worksheet, or a package is missing.

    Examples
    --------
    >>> import pyarrow as pa, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_table(pa.table({"n": [1]}), Path(folder) / "n.csv").read_text()
    '"n"\\n1\\n'
    """
    target = Path(path)
    suffix = target.suffix.lower()
    if suffix not in WRITERS and suffix != ".delta":
        raise BadArgument(f"cannot write {target.name}: the name must end in {', '.join(WRITERS)} or .delta")
    if not target.parent.is_dir():
        raise BadArgument(f"cannot write {target.name}: there is no folder {target.parent}")
    if suffix == ".delta":
        _delta(table, target)
        return target
    if target.is_dir():
        raise BadArgument(f"cannot write {target.name}: a folder has this name")
    part = target.with_name(f".{target.stem}.part{suffix}")
    try:
        WRITERS[suffix](table, part)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    return target


def _parquet(table: pa.Table, path: Path) -> None:
    import pyarrow.parquet as pq

    pq.write_table(table, path)


def _csv(table: pa.Table, path: Path) -> None:
    import pyarrow.csv as pc

    pc.write_csv(table, path)


def _delta(table: pa.Table, path: Path) -> None:
    try:
        import deltalake
    except ImportError:
        raise BadArgument("Delta tables need the package deltalake: pip install 'liebian-analytics[files]'") from None
    if path.exists() and not (path / "_delta_log").is_dir():
        raise BadArgument(f"cannot write {path.name}: it is there and no Delta table")
    deltalake.write_deltalake(path, table, mode="overwrite", schema_mode="overwrite")


def _sheet(table: pa.Table, path: Path) -> None:
    try:
        import xlsxwriter
    except ImportError:
        raise BadArgument("workbooks need the package xlsxwriter: pip install 'liebian-analytics[files]'") from None
    if table.num_rows > SHEET_ROWS:
        raise BadArgument(f"a worksheet holds {SHEET_ROWS:,} rows, the result has {table.num_rows:,}; write .parquet")
    if table.num_columns > SHEET_COLUMNS:
        raise BadArgument(f"a worksheet holds {SHEET_COLUMNS:,} columns, the result has {table.num_columns:,}")
    options = {
        "constant_memory": True,
        "default_date_format": "yyyy-mm-dd",
        "strings_to_formulas": False,
        "strings_to_urls": False,
    }
    with xlsxwriter.Workbook(path, options | {"nan_inf_to_errors": True}) as book:
        sheet, moments = book.add_worksheet("result"), book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        sheet.write_row(0, 0, table.column_names)
        rows = (row.values() for batch in table.to_batches(max_chunksize=10_000) for row in batch.to_pylist())
        for number, row in enumerate(rows, 1):
            for place, value in enumerate(row):
                shown = _cell(value)
                sheet.write(number, place, shown, moments if isinstance(shown, datetime) else None)


def _cell(value: Any) -> Any:
    """As a worksheet can hold it: times in UTC without saying so, exact numbers, everything else as text."""
    if isinstance(value, datetime) and value.tzinfo is not None:
        value = value.astimezone(UTC).replace(tzinfo=None)
    if isinstance(value, date) and value.year < FIRST_YEAR:
        return str(value)
    if value is None or isinstance(value, float | date | bool) or (isinstance(value, int) and abs(value) < EXACT):
        return value
    if len(text := str(value)) > CELL_CHARACTERS:
        raise BadArgument(f"a cell holds {CELL_CHARACTERS:,} characters, a text has {len(text):,}; write .parquet")
    return text


WRITERS = {".parquet": _parquet, ".csv": _csv, ".xlsx": _sheet, **dict.fromkeys(DATABASE_SUFFIXES, write_database)}
