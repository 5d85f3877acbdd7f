"""Rewriting files so that there are few of them and each bucket is in order. Rows stay the same; a crash leaves orphans."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from deltalake import DeltaTable
from deltalake.transaction import AddAction

from liebian.lake.ordering import fold_rows, owners_of, sort_rows
from liebian.lake.rules import Leaf, Step, bucket_of, leaf_numbers, leaves_of, next_step
from liebian.lake.store import open_file
from liebian.lake.tables import snapshot_of
from liebian.lake.types import LAYOUTS, SCHEMAS, Part, Snapshot
from liebian.lake.writing import commit_step, write_file

_CHUNK_GROUPS = 20  # row groups of a base that are merged at a time


def tidy(table: str, delta: DeltaTable, *, everything: bool = False) -> int:
    """Rewrite until the table is in order; returns how many steps it took. `delta` is the caller's own handle."""
    layout, done = LAYOUTS[table], 0
    while True:
        delta.update_incremental()
        snapshot = snapshot_of(table, delta)
        step = next_step(snapshot.parts, layout, everything=everything)
        if step is None:
            return done
        commit_step(delta, step, _written(snapshot, step))
        done += 1


def _written(snapshot: Snapshot, step: Step) -> list[AddAction]:
    if step.leaf is None:
        return _hand_out(snapshot, step.parts)
    if step.act == "split":
        n, b = step.leaf
        halves: list[Leaf] = [(2 * n, b), (2 * n, b + n)]
        return [action for half in halves if (action := _merged(snapshot, step.parts, half))]
    action = _merged(snapshot, step.parts, step.leaf)
    return [action] if action else []


def _hand_out(snapshot: Snapshot, parts: Sequence[Part]) -> list[AddAction]:
    """Fresh files as one sorted run per bucket; the first run of a bucket is its base."""
    layout = LAYOUTS[snapshot.table]
    leaves = leaves_of(snapshot.parts, layout)
    filled = {(part.buckets, part.bucket) for part in snapshot.parts if part.kind == "base"}
    rows = pa.concat_tables([open_file(snapshot.table, part.path).read() for part in parts])
    numbers = leaf_numbers(owners_of(rows, layout), leaves)
    order = np.argsort(numbers, kind="stable")
    edges = np.searchsorted(numbers[order], np.arange(len(leaves) + 1))
    found = []
    for number, leaf in enumerate(leaves):
        own = order[edges[number] : edges[number + 1]]
        if len(own):
            run = fold_rows(sort_rows(rows.take(pa.array(own)), layout), snapshot.table, layout)
            kind = "run" if leaf in filled else "base"
            found.append(write_file(snapshot.table, [run], kind=kind, leaf=leaf))
    return [action for action in found if action]


def _merged(snapshot: Snapshot, parts: Sequence[Part], leaf: Leaf) -> AddAction | None:
    return write_file(snapshot.table, _merge(snapshot.table, parts, leaf), kind="base", leaf=leaf)


def _merge(table: str, parts: Sequence[Part], leaf: Leaf) -> Iterator[pa.Table]:
    """The rows of these sorted files that belong to the bucket, in order, some row groups at a time.

    A cut lies between two owners, so that what one owner has is always folded at once.
    """
    layout = LAYOUTS[table]
    files = [open_file(table, part.path) for part in parts]
    bounds = [_group_bounds(file, layout.owner) for file in files]
    longest = max(bounds, key=len)
    cuts = sorted({int(high) for _, high in longest[_CHUNK_GROUPS - 1 : -1 : _CHUNK_GROUPS]})
    for low, high in zip([None, *cuts], [*cuts, None], strict=True):
        pieces = [_between(file, own, layout.owner, low, high) for file, own in zip(files, bounds, strict=True)]
        rows = pa.concat_tables(pieces) if pieces else SCHEMAS[table].empty_table()
        rows = rows.filter(pa.array(bucket_of(owners_of(rows, layout), leaf[0]) == leaf[1]))
        yield fold_rows(sort_rows(rows, layout), table, layout)


def _group_bounds(file: pq.ParquetFile, owner: str) -> np.ndarray:
    """(lowest, highest) owner of each row group; rows of nobody count as 0."""
    column = file.schema_arrow.names.index(owner)
    found = []
    for number in range(file.metadata.num_row_groups):
        told = file.metadata.row_group(number).column(column).statistics
        low, high = (told.min, told.max) if told is not None and told.has_min_max else (0, 0)
        found.append((0 if told is None or told.null_count else low, high))
    return np.array(found, dtype=np.int64).reshape(-1, 2)


def _between(file: pq.ParquetFile, bounds: np.ndarray, owner: str, low: int | None, high: int | None) -> pa.Table:
    wanted = np.ones(len(bounds), dtype=bool)
    if low is not None:
        wanted &= bounds[:, 1] > low
    if high is not None:
        wanted &= bounds[:, 0] <= high
    rows = file.read_row_groups(np.flatnonzero(wanted).tolist())
    owners = pc.fill_null(rows[owner], 0)
    if low is not None:
        rows, owners = rows.filter(pc.greater(owners, low)), owners.filter(pc.greater(owners, low))
    return rows.filter(pc.less_equal(owners, high)) if high is not None else rows
