"""Results as people and programs read them. Owns no number."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from liebian_analytics.cli.options import Result
from liebian_analytics.readers.writing import write_table
from liebian_analytics.results import Notice

if TYPE_CHECKING:
    import pyarrow as pa

SHOWN = 20
WIDE = 200


def show(
    command: str,
    table: pa.Table,
    result: Result,
    *,
    notices: Sequence[Notice] = (),
    facts: Mapping[str, Any] | None = None,
    with_rows: bool = True,
) -> None:
    """Write, print or encode a table with what must be known about it; ``with_rows`` = the JSON holds the rows."""
    written = None if result.out is None else write_table(table, result.out)
    if result.json:
        print(as_json(command, table, written, notices, facts or {}, with_rows))
        return
    _print(command, table, written, notices, facts or {})


def as_json(
    command: str,
    table: pa.Table,
    written: Path | None,
    notices: Sequence[Notice],
    facts: Mapping[str, Any],
    with_rows: bool,
) -> str:
    """One JSON object: null where there is no number, days as ISO 8601."""
    found: dict[str, Any] = {"command": command, **facts, "n_rows": table.num_rows}
    if written is not None:
        found["out"] = str(written)
    elif with_rows:
        found["rows"] = table.to_pylist()
    found["warnings"] = [{"code": n.code, "message": n.message, "n_rows": n.n_rows} for n in notices]
    return json.dumps(_plain(found), ensure_ascii=False, allow_nan=False)


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, date | datetime):
        return value.isoformat()
    return value if value is None or isinstance(value, str | int | bool) else str(value)


def _print(
    command: str, table: pa.Table, written: Path | None, notices: Sequence[Notice], facts: Mapping[str, Any]
) -> None:
    from rich.box import SIMPLE
    from rich.console import Console
    from rich.table import Table

    console, warned = Console(width=None if sys.stdout.isatty() else WIDE), Console(stderr=True)
    for notice in notices:
        warned.print(f"warning: {notice.message}", style="yellow", markup=False, highlight=False, soft_wrap=True)
    grid = Table(box=SIMPLE, header_style="bold")
    for field in table.schema:
        grid.add_column(field.name, justify="left" if str(field.type) in ("string", "large_string") else "right")
    for row in table.slice(0, SHOWN).to_pylist():
        grid.add_row(*(_cell(value) for value in row.values()))
    console.print(grid)
    rest = table.num_rows - SHOWN
    words = [f"{name.replace('_', ' ')}: {_cell(value)}" for name, value in facts.items()]
    console.print("; ".join([f"{command}: {table.num_rows:,} rows", *words]), markup=False, highlight=False)
    if written is not None:
        console.print(f"written to {written}", markup=False, highlight=False, soft_wrap=True)
    elif rest > 0:
        console.print(f"{rest:,} more rows: --out FILE writes them all, --json prints them", markup=False)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:,.4f}".rstrip("0").rstrip(".")
    return (
        f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= 10**6 else str(value)
    )


def refuse(sentence: str) -> None:
    """One sentence on the error stream."""
    print(f"liebian-analytics: {' '.join(sentence.split())}", file=sys.stderr)
