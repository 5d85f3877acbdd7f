"""The rows of a few customers, read straight from the row groups that hold them. For pages, where a whole scan is too slow.

What is asked of a file's footer is kept per process: files never change.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from liebian.lake.queries.history import dataset_of
from liebian.lake.rules import may_hold
from liebian.lake.store import open_file, url_of
from liebian.lake.tables import find_snapshot, saying_what_failed
from liebian.lake.types import LAYOUTS, SCHEMAS


@dataclass(frozen=True, slots=True)
class _Footer:
    metadata: pq.FileMetaData
    lows: np.ndarray
    highs: np.ndarray


@dataclass(frozen=True, slots=True)
class _Piece:
    """Rows of one row group: `first` is where they begin among all that were found."""

    path: str
    group: int
    rows: np.ndarray
    first: int


class Located:
    """Rows that were found: some columns of them in `keys`, the others when they are taken."""

    def __init__(self, table: str, keys: pa.Table, pieces: Sequence[_Piece]) -> None:
        self.table, self.keys, self._pieces = table, keys, pieces

    def take(self, places: Sequence[int], columns: Sequence[str]) -> pa.Table:
        """Columns of the rows at these places of `keys`, in their order. Reads each row group once."""
        wanted = np.asarray(places, dtype=np.int64)
        found, order = [], []
        with saying_what_failed(self.table):
            for piece in self._pieces:
                own = np.flatnonzero((wanted >= piece.first) & (wanted < piece.first + len(piece.rows)))
                if len(own):
                    file = open_file(
                        self.table, piece.path, _footer(url_of(self.table), self.table, piece.path).metadata
                    )
                    rows = file.read_row_group(piece.group, columns=list(columns), use_threads=False)
                    found.append(rows.take(pa.array(piece.rows[wanted[own] - piece.first])))
                    order.append(own)
        if not found:
            return pa.schema([SCHEMAS[self.table].field(name) for name in columns]).empty_table()
        return pa.concat_tables(found).take(pa.array(np.argsort(np.concatenate(order))))


def locate_rows(table: str, owners: Iterable[int], columns: Sequence[str]) -> Located:
    """All rows of these owners, with the named columns of them. Raises Unavailable "lake_unavailable"."""
    layout, ids = LAYOUTS[table], np.array(sorted(set(owners)), dtype=np.int64)
    schema = pa.schema([SCHEMAS[table].field(name) for name in columns])
    snapshot = find_snapshot(table)
    keys, pieces, first = [schema.empty_table()], [], 0
    with saying_what_failed(table):
        for part in snapshot.parts if snapshot else ():
            if not may_hold(part, ids, layout.owner):
                continue
            footer = _footer(url_of(table), table, part.path)
            for group in _groups(footer, ids):
                owned = _kept_owners if part.kind != "base" else _owners
                mine = np.flatnonzero(np.isin(owned(url_of(table), table, part.path, group), ids))
                if len(mine):
                    file = open_file(table, part.path, footer.metadata)
                    read = file.read_row_group(group, columns=list(columns), use_threads=False)
                    keys.append(read.select(list(columns)).take(pa.array(mine)))
                    pieces.append(_Piece(part.path, group, mine, first))
                    first += len(mine)
    return Located(table, pa.concat_tables(keys), pieces)


def _groups(footer: _Footer, ids: np.ndarray) -> list[int]:
    """Row groups whose bounds hold one of the ids."""
    from_ = np.searchsorted(ids, footer.lows, side="left")
    upto = np.searchsorted(ids, footer.highs, side="right")
    return [int(number) for number in np.flatnonzero(upto > from_)]


@lru_cache(maxsize=4096)
def _footer(root: str, table: str, path: str) -> _Footer:
    metadata = open_file(table, path).metadata
    column = metadata.schema.to_arrow_schema().names.index(LAYOUTS[table].owner)
    lows, highs = [], []
    for number in range(metadata.num_row_groups):
        told = metadata.row_group(number).column(column).statistics
        has = told is not None and told.has_min_max
        lows.append(told.min if has and not told.null_count else 0)
        highs.append(told.max if has else 0)
    return _Footer(metadata, np.array(lows, dtype=np.int64), np.array(highs, dtype=np.int64))


def _owners(root: str, table: str, path: str, group: int) -> np.ndarray:
    """Whose the rows of one row group are."""
    owner = LAYOUTS[table].owner
    read = open_file(table, path, _footer(root, table, path).metadata).read_row_group(group, [owner], use_threads=False)
    return np.asarray(pc.fill_null(read[owner], 0).to_numpy())


_kept_owners = lru_cache(maxsize=256)(_owners)  # of small files, which every page of every customer looks into


def find_rows(table: str, column: str, values: Iterable[int], columns: Sequence[str]) -> pa.Table:
    """Rows with one of these values in an integer column, wherever they lie. Reads every file that may hold one."""
    snapshot, wanted = find_snapshot(table), sorted(set(values))
    schema = pa.schema([SCHEMAS[table].field(name) for name in columns])
    if snapshot is None or not wanted or not snapshot.parts:
        return schema.empty_table()
    with saying_what_failed(table):
        condition = pc.field(column).isin(pa.array(wanted, pa.int64()))
        return dataset_of(snapshot).to_table(columns=list(columns), filter=condition)


def stream_rows(
    table: str, columns: Sequence[str], *, below: tuple[str, int] | None = None, rows: int = 100_000
) -> Iterator[pa.Table]:
    """All rows in pieces, in no particular order; `below` is a column and the value that its values do not reach."""
    snapshot = find_snapshot(table)
    if snapshot is None or not snapshot.parts:
        return
    condition = pc.field(below[0]) < below[1] if below else None
    with saying_what_failed(table):
        for batch in dataset_of(snapshot).to_batches(columns=list(columns), filter=condition, batch_size=rows):
            if batch.num_rows:
                yield pa.Table.from_batches([batch])
