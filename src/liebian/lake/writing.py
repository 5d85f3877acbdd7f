"""One commit to a table: files come and go together, with the position of the reader, or nothing happens."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Sequence
from datetime import date
from itertools import chain
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from deltalake import CommitProperties, DeltaTable, Schema, Transaction
from deltalake.transaction import AddAction, RemoveAction

from liebian.lake.rules import Leaf, Step, new_path
from liebian.lake.store import size_of, storage_options, url_of, write_sorted, writing_file
from liebian.lake.types import HIDDEN, SCHEMAS

TIDY = "liebian.tidy"
KEPT_DAYS = 7
_BOUNDED = ("customer_id", "loser_id", "event_id", "position")


def create_table(table: str) -> DeltaTable:
    """The empty table, version 0; the one that is there when somebody was faster."""
    return DeltaTable.create(
        url_of(table),
        schema=Schema.from_arrow(SCHEMAS[table]),
        mode="ignore",
        storage_options=storage_options(),
        commit_properties=CommitProperties(app_transactions=[Transaction(HIDDEN, 1)]),
        configuration={
            "delta.deletedFileRetentionDuration": f"interval {KEPT_DAYS} days",
            "delta.logRetentionDuration": f"interval {KEPT_DAYS} days",
            "delta.checkpointInterval": "50",
        },
    )


class Bounds:
    """Rows and bounds of a file while it is being written, as the log of the table keeps them."""

    def __init__(self, schema: pa.Schema) -> None:
        self.rows = 0
        self.columns = [name for name in schema.names if name in _BOUNDED or name == "day"]
        self.low: dict[str, Any] = {}
        self.high: dict[str, Any] = {}

    def see(self, rows: pa.Table) -> None:
        self.rows += rows.num_rows
        for name in self.columns:
            found = pc.min_max(rows[name]).as_py()
            if found["min"] is not None:
                self.low[name] = min(found["min"], self.low.get(name, found["min"]))
                self.high[name] = max(found["max"], self.high.get(name, found["max"]))

    def as_json(self) -> str:
        said = {
            "numRecords": self.rows,
            "minValues": self._plain(self.low),
            "maxValues": self._plain(self.high),
            "nullCount": {},
        }
        return json.dumps(said)

    @staticmethod
    def _plain(values: dict[str, Any]) -> dict[str, Any]:
        return {name: value.isoformat() if isinstance(value, date) else value for name, value in values.items()}


def write_file(
    table: str, pieces: Iterable[pa.Table], *, kind: str = "fresh", leaf: Leaf | None = None
) -> AddAction | None:
    """A new file of sorted pieces, not yet part of any version; None when they hold no row."""
    path, bounds, schema = new_path(kind, leaf), Bounds(SCHEMAS[table]), SCHEMAS[table]
    filled = (piece for piece in pieces if piece.num_rows)
    first = next(filled, None)
    if first is None:
        return None
    with writing_file(table, path, schema) as writer:
        for piece in chain([first], filled):
            write_sorted(writer, piece.cast(schema))
            bounds.see(piece)
    return AddAction(path, size_of(table, path), {}, _now_ms(), True, bounds.as_json())


def commit_rows(delta: DeltaTable, added: AddAction | None, *, reader: str, position: int) -> None:
    """Rows and how far their reader is with them. A concurrent commit of the same reader is refused by the table."""
    _commit(delta, [added] if added else [], Transaction(reader, position), "append")


def commit_step(delta: DeltaTable, step: Step, added: Sequence[AddAction]) -> None:
    """The step's files leave, the rewritten ones come. Two rewrites at once cannot both commit: they share a position."""
    gone = [RemoveAction(part.path, False, _now_ms(), part.size, {}) for part in step.parts]
    _commit(delta, [*added, *gone], Transaction(TIDY, delta.version() + 1), step.act)


def commit_hidden(delta: DeltaTable) -> None:
    """That no file shows such an id any more."""
    _commit(delta, [], Transaction(HIDDEN, 1), "rewrite")


def _commit(delta: DeltaTable, actions: Sequence[AddAction | RemoveAction], mark: Transaction, act: str) -> None:
    delta.create_write_transaction(
        list(actions),
        "append",
        delta.schema(),
        partition_by=[],
        commit_properties=CommitProperties(app_transactions=[mark], custom_metadata={"act": act}),
    )


def _now_ms() -> int:
    return int(time.time() * 1000)
