"""Rewriting rows where they lie, file by file: for owners who are erased, or everywhere. The only change of rows that the lake knows."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from deltalake import DeltaTable

from liebian.lake.rules import Leaf, Step, may_hold
from liebian.lake.store import open_file
from liebian.lake.tables import snapshot_of
from liebian.lake.types import LAYOUTS, Part
from liebian.lake.writing import commit_step, write_file

Change = Callable[[pa.Table], pa.Table]


def rewrite(table: str, delta: DeltaTable, owners: Collection[int] | None, change: Change) -> int:
    """One commit for each file that holds rows of theirs; without owners, for each of which `change` gives another table. A tidying at the same time makes one of the two fail."""
    ids = None if owners is None else pa.array(sorted(owners), pa.int64())
    owner = LAYOUTS[table].owner
    seen: set[str] = set()
    done = 0
    while (part := _next(table, delta, ids, seen)) is not None:
        seen.add(part.path)
        file = open_file(table, part.path)
        if _concerns(file, owner, ids, change):
            added = write_file(table, _changed(file, owner, ids, change), kind=part.kind, leaf=_leaf(part))
            commit_step(delta, Step("rewrite", (part,)), [added] if added else [])
            seen.update([added.path] if added else [])
            done += 1
    return done


def _next(table: str, delta: DeltaTable, ids: pa.Array | None, seen: set[str]) -> Part | None:
    """The next file that was not looked into, of the newest version: a tidying may have moved rows meanwhile."""
    delta.update_incremental()
    owner = LAYOUTS[table].owner
    parts = snapshot_of(table, delta).parts
    unseen = (part for part in parts if part.path not in seen)
    return next((part for part in unseen if ids is None or may_hold(part, np.asarray(ids), owner)), None)


def _concerns(file: pq.ParquetFile, owner: str, ids: pa.Array | None, change: Change) -> bool:
    if ids is None:
        return any(change(rows) is not rows for rows in _groups(file))
    return any(_is_theirs(group[owner], ids) for group in _groups(file, [owner]))


def _changed(file: pq.ParquetFile, owner: str, ids: pa.Array | None, change: Change) -> Iterator[pa.Table]:
    for rows in _groups(file):
        yield change(rows) if ids is None or _is_theirs(rows[owner], ids) else rows


def _groups(file: pq.ParquetFile, columns: list[str] | None = None) -> Iterator[pa.Table]:
    for number in range(file.metadata.num_row_groups):
        yield file.read_row_group(number, columns=columns)


def _is_theirs(owners: pa.ChunkedArray, ids: pa.Array) -> bool:
    return bool(pc.any(pc.is_in(owners, ids)).as_py())


def _leaf(part: Part) -> Leaf | None:
    return None if part.kind == "fresh" else (part.buckets, part.bucket)
