"""Opens what holds a table: CSV, XLSX, Parquet, Delta, a database file, a pandas, Polars or Arrow frame.

Owns formats, not meaning: columns come as they are, those of CSV as text.
"""

from __future__ import annotations

import csv
import difflib
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from liebian_analytics.engines import DATABASE_SUFFIXES, Engine
from liebian_analytics.errors import BadArgument, SchemaMismatch

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa

SEPARATED = {".csv": None, ".txt": None, ".tsv": "\t"}
SHEETS = (".xlsx", ".xlsm", ".xls", ".xlsb", ".ods")


def open_table(source: Any, engine: Engine, *, table: str | None = None) -> ir.Table:
    """A table as it is found, on ``engine``.

    Parameters
    ----------
    source
        Path of a CSV/TSV, XLSX (XLS, ODS), Parquet or database file, of a folder with a Delta table or Parquet files;
        or a frame: an Arrow table, anything with the Arrow PyCapsule interface (pandas, Polars), an Ibis table.
    engine
        Where the table is to live.
    table
        Sheet of a workbook (``None`` = the first) or table of a database (``None`` = the only one).

    Returns
    -------
    Lazy table. CSV columns are text, and only an empty field is null: ``NA`` is data.

    Raises
    ------
    BadArgument
        If there is no such file, sheet or table, or it cannot be read as what its name says.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from liebian_analytics.engines import connect
    >>> with connect() as engine:
    ...     engine.run(open_table(pa.table({"n": [1, 2]}), engine)).num_rows
    2
    """
    if not isinstance(source, str | Path):
        return _of_frame(source, engine)
    path = Path(source)
    if not path.exists():
        raise BadArgument(f"there is no file {path}")
    if path.is_dir():
        return _of_folder(path, engine)
    suffix = path.suffix.lower()
    if suffix in (".parquet", ".pq"):
        return _parquet(path, engine)
    if suffix in DATABASE_SUFFIXES:
        return engine.read_database(path, table)
    if suffix in SHEETS:
        return engine.from_arrow(_of_sheet(path, table))
    if suffix in SEPARATED:
        return engine.from_arrow(_of_separated(path, SEPARATED[suffix]))
    known = ", ".join([*SEPARATED, *SHEETS, ".parquet", *DATABASE_SUFFIXES])
    raise BadArgument(f"{path.name} has an ending that says no format; known are {known}, and folders of Delta tables")


def find_column(name: str, columns: Iterable[str], *, option: str = "", where: str = "the table") -> str:
    """``name`` if there is such a column.

    Raises
    ------
    SchemaMismatch
        Naming the nearest column that is there.

    Examples
    --------
    >>> find_column("Custmer", ["Customer", "Time"], option="--customer")
    Traceback (most recent call last):
        ...
    liebian_analytics.errors.SchemaMismatch: the table has no column 'Custmer' (--customer); did you mean 'Customer'?
    """
    there = list(columns)
    if name in there:
        return name
    folded = {column.casefold().replace(" ", "").replace("_", ""): column for column in there}
    near = difflib.get_close_matches(name.casefold().replace(" ", "").replace("_", ""), folded, n=1, cutoff=0.5)
    guess = f"did you mean {folded[near[0]]!r}?" if near else f"there are: {', '.join(there)}"
    raise SchemaMismatch(f"{where} has no column {name!r}{f' ({option})' if option else ''}; {guess}")


def line_of_row(source: Any, row: int) -> int:
    """Line of a text file on which data row ``row`` (0-based) ends; for anything else the row, counted from 1."""
    if not isinstance(source, str | Path) or Path(source).suffix.lower() not in SEPARATED or Path(source).is_dir():
        return row + (2 if isinstance(source, str | Path) and Path(source).suffix.lower() in SHEETS else 1)
    path = Path(source)
    with path.open(newline="", encoding=_encoding(path), errors="replace") as lines:
        reader = csv.reader(lines, delimiter=SEPARATED[path.suffix.lower()] or _delimiter(path))
        rows = (reader.line_num for fields in reader if fields)
        return next((line for number, line in enumerate(rows) if number == row + 1), row + 2)


def _of_frame(source: Any, engine: Engine) -> ir.Table:
    import pyarrow as pa

    if isinstance(source, pa.Table):
        return engine.from_arrow(source)
    if hasattr(source, "to_pyarrow"):
        return engine.from_arrow(source.to_pyarrow())
    if hasattr(source, "iloc"):
        return engine.from_arrow(pa.Table.from_pandas(source, preserve_index=False))
    if hasattr(source, "__arrow_c_stream__"):
        return engine.from_arrow(pa.table(source))
    raise BadArgument(f"cannot read a {type(source).__name__}; pass a path, a pandas, Polars or Arrow table")


def _parquet(path: Path, engine: Engine) -> ir.Table:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        pq.read_schema(path)
    except pa.ArrowInvalid as error:
        raise BadArgument(f"{path.name} is not a Parquet file: {_first_line(error)}") from None
    return engine.read_parquet(path)


def _of_folder(folder: Path, engine: Engine) -> ir.Table:
    if (folder / "_delta_log").is_dir():
        return _of_delta(folder, engine)
    files = sorted(str(file) for file in folder.rglob("*.parquet"))
    if not files:
        raise BadArgument(f"the folder {folder} holds neither a Delta table nor Parquet files")
    return engine.read_parquet(files)


def _of_delta(folder: Path, engine: Engine) -> ir.Table:
    """The newest version. A list of files does not see rows that are marked as deleted beside them."""
    import pyarrow as pa

    try:
        from deltalake import DeltaTable
    except ImportError:
        raise BadArgument("Delta tables need the package deltalake: pip install 'liebian-analytics[files]'") from None
    found = DeltaTable(str(folder))
    features = set(found.protocol().reader_features or ())
    if found.protocol().min_reader_version == 2:
        features.add("columnMapping")
    if refused := features & {"deletionVectors", "columnMapping"}:
        raise BadArgument(f"the Delta table {folder.name} uses {', '.join(sorted(refused))}, which is not supported")
    if files := found.file_uris():
        return engine.read_parquet(files)
    return engine.from_arrow(pa.schema(found.schema().to_arrow()).empty_table())


def _of_sheet(path: Path, sheet: str | None) -> pa.Table:
    import pyarrow as pa

    try:
        from python_calamine import CalamineError, CalamineWorkbook
    except ImportError:
        raise BadArgument("workbooks need python-calamine: pip install 'liebian-analytics[files]'") from None
    try:
        book = CalamineWorkbook.from_path(path)
    except CalamineError as error:
        raise BadArgument(f"{path.name} cannot be read as a workbook: {_first_line(error)}") from None
    if sheet is not None and sheet not in book.sheet_names:
        raise BadArgument(f"{path.name} has no sheet {sheet!r}; there are: {', '.join(book.sheet_names)}")
    rows = book.get_sheet_by_name(sheet or book.sheet_names[0]).to_python(skip_empty_area=True)
    if not rows:
        raise BadArgument(f"{path.name} is empty: the first row must name the columns")
    names = _header([str(name) for name in rows[0]], path)
    columns = zip(*rows[1:], strict=True) if len(rows) > 1 else [()] * len(names)
    return pa.table(dict(zip(names, (_cells(column) for column in columns), strict=True)))


def _cells(values: Iterable[Any]) -> pa.Array:
    """One type where all cells have one, else text, as if there is none; whole floats are whole numbers, as sheets know
    no others."""
    import pyarrow as pa

    cells = [None if value == "" else value for value in values]
    if all(isinstance(cell, float) and cell.is_integer() and abs(cell) < 2**53 for cell in cells if cell is not None):
        cells = [None if cell is None else int(cell) for cell in cells]
    try:
        found = pa.array(cells)
        return found.cast(pa.string()) if pa.types.is_null(found.type) else found
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        return pa.array([None if cell is None else str(cell) for cell in cells], pa.string())


def _of_separated(path: Path, delimiter: str | None) -> pa.Table:
    import pyarrow as pa
    import pyarrow.csv as pc

    encoding = _encoding(path)
    delimiter = delimiter or _delimiter(path)
    with path.open(newline="", encoding=encoding, errors="replace") as lines:
        first = next(csv.reader(lines, delimiter=delimiter), None)
    if not first:
        raise BadArgument(f"{path.name} is empty: the first line must name the columns")
    names = _header(first, path)
    try:
        return pc.read_csv(
            path,
            read_options=pc.ReadOptions(column_names=names, skip_rows=1, encoding=encoding.removesuffix("-sig")),
            parse_options=pc.ParseOptions(delimiter=delimiter, newlines_in_values=True),
            convert_options=pc.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()), null_values=[""], strings_can_be_null=True
            ),
        )
    except pa.ArrowInvalid as error:
        if "Empty CSV" in str(error):
            return pa.table({name: pa.array([], pa.string()) for name in names})
        raise BadArgument(f"{path.name}: {_first_line(error)}") from None


def _header(names: list[str], path: Path) -> list[str]:
    stripped = [name.strip() for name in names]
    if twice := sorted({name for name in stripped if stripped.count(name) > 1}):
        raise BadArgument(f"{path.name} has more than one column {twice[0]!r}")
    return stripped


def _encoding(path: Path) -> str:
    """UTF-8, or GB 18030 as spreadsheets in China write it."""
    with path.open("rb") as file:
        start = file.read(1 << 20)
    try:
        start[: start.rfind(b"\n") + 1 or None].decode("utf-8")
    except UnicodeDecodeError:
        return "gb18030"
    return "utf-8-sig"


def _delimiter(path: Path) -> str:
    with path.open(encoding=_encoding(path), errors="replace") as lines:
        first = lines.readline()
    return max(",;\t|", key=first.count)


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0]
