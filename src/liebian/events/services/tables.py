"""Tables that other contexts are given as files: any CSV or XLSX, whatever its encoding and delimiter."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from liebian.core.texts import mark as _
from liebian.events.imports.files import PARQUET, check_file, wrong_type
from liebian.events.imports.reading import Row, open_rows


def read_table(path: Path) -> tuple[list[str], Iterator[Row]]:
    """The first row, and the others as text. Raises Invalid when the file holds no table, the rows also while they are read."""
    if check_file(path) == PARQUET:
        raise wrong_type(_("a Parquet file"))
    return open_rows(path)
