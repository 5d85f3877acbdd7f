"""Rows in the order of their table: sorted, folded, cut by owner. In memory, on Arrow."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from liebian.lake.rules import bucket_of
from liebian.lake.types import SCHEMAS, Layout

_BUCKET = "__bucket"


def owners_of(rows: pa.Table, layout: Layout) -> np.ndarray:
    """The owner of each row; rows of nobody go with 0."""
    return np.asarray(pc.fill_null(rows[layout.owner], 0).to_numpy(), dtype=np.int64)


def sort_rows(rows: pa.Table, layout: Layout, *, by_bucket: bool = False) -> pa.Table:
    """Rows by (owner, …) as the layout says, rows of nobody first; with `by_bucket`, by bucket before that."""
    keys = [(name, "ascending", "at_start") for name in layout.order]
    if by_bucket:
        rows = rows.append_column(_BUCKET, pa.array(bucket_of(owners_of(rows, layout), layout.first_buckets)))
        keys.insert(0, (_BUCKET, "ascending", "at_start"))
    places = pc.sort_indices(rows, sort_keys=keys)
    return rows.take(places).drop_columns([_BUCKET] if by_bucket else [])


def fold_rows(rows: pa.Table, table: str, layout: Layout) -> pa.Table:
    """Sorted rows as a base keeps them: all, the latest of each owner, or one sum per thing."""
    if layout.folds == "latest" and rows.num_rows:
        owners = owners_of(rows, layout)
        last = np.append(owners[1:] != owners[:-1], True)
        return rows.filter(pa.array(last))
    if layout.folds == "sum":
        keys = [name for name in layout.order if name != "position"]
        summed = rows.group_by(keys, use_threads=False).aggregate(
            [("count", "sum"), ("amount_minor", "sum"), ("position", "max")]
        )
        renamed = summed.rename_columns([*keys, "count", "amount_minor", "position"])
        return sort_rows(renamed.select(SCHEMAS[table].names).cast(SCHEMAS[table]), layout)
    return rows
