"""What the lake holds, and how to read it: file lists of one version, for DuckDB, Spark and anything that reads Parquet."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from deltalake import DeltaTable
from django.conf import settings

from liebian.lake.types import SCHEMAS, History, TableState

if TYPE_CHECKING:
    from liebian_analytics.engines import Engine

_MOVED = pa.schema([("loser_id", pa.int64()), ("winner_id", pa.int64())])


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


def list_snapshots(*names: str) -> tuple[str, ...]:
    """What is published of these tables and of who was merged: the key for anything computed from them.

    A table made anew has other snapshots than the one before it, also at the same version.
    """
    return tuple(_snapshot(find_table(name)) for name in (*names, "identities"))


def _snapshot(delta: DeltaTable | None) -> str:
    return "" if delta is None else f"{delta.metadata().id}@{delta.version()}"


@contextmanager
def open_history(*names: str) -> Iterator[History]:
    """Lazy tables of one version each, in an engine of their own, with everybody under the id they stand by today.

    A table that has not been published is empty. The engine closes with the block.
    """
    from liebian_analytics.engines import connect

    found = {name: find_table(name) for name in (*names, "identities")}
    snapshots = tuple(_snapshot(delta) for delta in found.values())
    winners = _final_winners(found.pop("identities"))
    with connect() as engine:
        tables = {}
        for name, delta in found.items():
            files = [] if delta is None else delta.file_uris()
            table = engine.read_parquet(files) if files else engine.from_arrow(SCHEMAS[name].empty_table())
            tables[name] = _under_final_ids(engine, table, winners)
        yield History(engine=engine, tables=tables, snapshots=snapshots)


def _final_winners(delta: DeltaTable | None) -> dict[int, int]:
    if delta is None:
        return {}
    rows = pa.table(delta.to_pyarrow_table()).sort_by("position")
    direct = dict(zip(rows["loser_id"].to_pylist(), rows["winner_id"].to_pylist(), strict=True))
    return {loser: _follow(direct, loser) for loser in direct}


def _follow(direct: dict[int, int], customer_id: int) -> int:
    seen = set()
    while customer_id in direct and customer_id not in seen:
        seen.add(customer_id)
        customer_id = direct[customer_id]
    return customer_id


def _under_final_ids(engine: Engine, table: Any, winners: dict[int, int]) -> Any:
    if not winners or "customer_id" not in table.columns:
        return table
    import ibis

    moved = engine.from_arrow(pa.table({"loser_id": list(winners), "winner_id": list(winners.values())}, schema=_MOVED))
    joined = table.left_join(moved, table.customer_id == moved.loser_id)
    standing = ibis.coalesce(joined.winner_id, joined.customer_id)
    return joined.mutate(customer_id=standing).select(*table.columns)
