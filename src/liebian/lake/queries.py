"""What the lake holds, and how to read it: file lists of one version, for DuckDB, Spark and anything that reads Parquet."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import cast

from deltalake import DeltaTable
from django.conf import settings

from liebian.lake.types import SCHEMAS, TableState


def url_of(table: str) -> str:
    return f"{settings.LAKE_URL}/{table}"


def find_table(table: str) -> DeltaTable | None:
    url = url_of(table)
    if "://" not in url and not (Path(url) / "_delta_log").exists():
        return None
    return DeltaTable(url) if DeltaTable.is_deltatable(url) else None


def get_position(table: str, reader: str) -> int:
    """The position of the reader's log that the table holds; 0 when nothing is published."""
    delta = find_table(table)
    return 0 if delta is None else int(delta.transaction_version(reader) or 0)


def list_files(table: str, *, version: int | None = None) -> list[str]:
    """The Parquet files of one version; empty when the table has not been published."""
    delta = find_table(table)
    if delta is None:
        return []
    if version is not None:
        delta.load_as_version(version)
    return cast("list[str]", delta.file_uris())


def get_state(table: str) -> TableState:
    delta = find_table(table)
    if delta is None:
        return TableState(table, None, 0, 0, None)
    actions = delta.get_add_actions(flatten=True)
    rows = sum(count or 0 for count in actions.column("num_records").to_pylist())
    newest = max((entry["timestamp"] for entry in delta.history(1)), default=None)
    at = datetime.fromtimestamp(newest / 1000, UTC) if newest else None
    return TableState(table, delta.version(), rows, actions.num_rows, at)


def list_states() -> list[TableState]:
    return [get_state(name) for name in SCHEMAS]
