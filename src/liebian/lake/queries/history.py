"""Whole tables of one version, lazily, for questions that everybody is in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from liebian.lake.store import filesystem, is_remote
from liebian.lake.tables import find_snapshot, find_table, saying_what_failed, snapshot_of
from liebian.lake.types import SCHEMAS, History, Snapshot

if TYPE_CHECKING:
    import pyarrow.dataset as ds
    from liebian_analytics.engines import Engine

_MOVED = pa.schema([("loser_id", pa.int64()), ("winner_id", pa.int64())])


def list_snapshots(*names: str) -> tuple[str, ...]:
    """What is published of these tables and of who was merged: the key for anything computed from them.

    A table made anew has other snapshots than the one before it, also at the same version.
    """
    return tuple(_key(find_snapshot(name)) for name in (*names, "identities"))


def _key(snapshot: Snapshot | None) -> str:
    return "" if snapshot is None else snapshot.key


@contextmanager
def open_history(
    *names: str, versions: Mapping[str, int] | None = None, at: datetime | None = None
) -> Iterator[History]:
    """Lazy tables of one version each, in an engine of their own, with everybody under one id.

    Without more it is the newest version of each and the ids by which people stand today. `versions` fixes the version of
    single tables; `at` takes every table, and who was merged, as of that time. A table that has not been published is
    empty. The engine closes with the block. Raises Unavailable "lake_unavailable", also for a version that is gone.
    """
    from liebian_analytics.engines import connect

    wanted = dict(versions or {})
    found = {name: _pinned(name, wanted.get(name), at) for name in (*names, "identities")}
    snapshots = tuple(_key(snapshot) for snapshot in found.values())
    winners = final_winners(found["identities"])
    with connect() as engine:
        tables = {name: _table(engine, name, found[name], winners) for name in names}
        yield History(engine=engine, tables=tables, snapshots=snapshots)


def _pinned(name: str, version: int | None, at: datetime | None) -> Snapshot | None:
    if version is None and at is None:
        return find_snapshot(name)
    with saying_what_failed(name):
        delta = find_table(name, version=version, at=None if version is not None else at)
        return None if delta is None else snapshot_of(name, delta)


def dataset_of(snapshot: Snapshot) -> ds.Dataset:
    """The files of one version for Arrow, on any kind of storage."""
    import pyarrow.dataset as ds  # brings pandas along: a third of what starting a process costs

    system, root = filesystem()
    paths = [f"{root}/{snapshot.table}/{part.path}" for part in snapshot.parts]
    return ds.dataset(paths, schema=SCHEMAS[snapshot.table], filesystem=system, format="parquet")


def _table(engine: Engine, name: str, snapshot: Snapshot | None, winners: dict[int, int]) -> Any:
    if snapshot is None or not snapshot.parts:
        table = engine.from_arrow(SCHEMAS[name].empty_table())
    else:
        table = engine.from_dataset(dataset_of(snapshot)) if is_remote() else engine.read_parquet(snapshot.files)
    if name == "customers":
        return _standing(engine, table, winners)
    return _under_final_ids(engine, table, winners)


def _standing(engine: Engine, table: Any, winners: dict[int, int]) -> Any:
    """What is last said of everybody who was not merged into somebody else."""
    import ibis

    place = ibis.row_number().over(group_by="customer_id", order_by=ibis.desc("position"))
    newest = table.mutate(place=place).filter(lambda row: row.place == 0).drop("place")
    standing = newest.filter(newest.merged_into.isnull())
    if not winners:
        return standing
    moved = _moved(engine, winners)
    standing = standing.filter(standing.customer_id.notin(moved.loser_id))
    joined = standing.left_join(moved, standing.referred_by == moved.loser_id)
    return joined.mutate(referred_by=ibis.coalesce(joined.winner_id, joined.referred_by)).select(*table.columns)


def _moved(engine: Engine, winners: dict[int, int]) -> Any:
    return engine.from_arrow(pa.table({"loser_id": list(winners), "winner_id": list(winners.values())}, schema=_MOVED))


def final_winners(snapshot: Snapshot | None) -> dict[int, int]:
    """Who everybody who was merged is in the end."""
    if snapshot is None or not snapshot.parts:
        return {}
    rows = dataset_of(snapshot).to_table().sort_by("position")
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

    moved = _moved(engine, winners)
    joined = table.left_join(moved, table.customer_id == moved.loser_id)
    standing = ibis.coalesce(joined.winner_id, joined.customer_id)
    return joined.mutate(customer_id=standing).select(*table.columns)
