"""What each table holds: version, rows, files, how far its readers are, and its history."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from liebian.lake.tables import commit_of, find_snapshot, find_table, saying_what_failed
from liebian.lake.types import HIDDEN, SCHEMAS, Snapshot, TableState, Version


def get_position(table: str, reader: str) -> int:
    """The position of the reader's log that the table holds; 0 when nothing is published."""
    with saying_what_failed(table):
        delta = find_table(table)
        return 0 if delta is None else int(delta.transaction_version(reader) or 0)


def count_unhidden_files(table: str) -> int:
    """Files that may show ids that name somebody: all, until they were looked through once; none of a table made since."""
    snapshot = find_snapshot(table)
    return len(snapshot.parts) if snapshot is not None and not get_position(table, HIDDEN) else 0


def get_state(table: str) -> TableState:
    snapshot = find_snapshot(table)
    if snapshot is None:
        return TableState(table, None, 0, 0, None)
    with saying_what_failed(table):
        newest = list_versions(table, limit=1)
    return _state(snapshot, newest[0].at if newest else None)


def _state(snapshot: Snapshot, at: datetime | None) -> TableState:
    placed = [part for part in snapshot.parts if part.kind != "fresh"]
    return TableState(
        name=snapshot.table, version=snapshot.version, rows=sum(part.rows for part in snapshot.parts),
        files=len(snapshot.parts), published_at=at, size=sum(part.size for part in snapshot.parts),
        buckets=len({(part.buckets, part.bucket) for part in placed}),
        runs=sum(part.kind == "run" for part in placed), fresh=len(snapshot.parts) - len(placed),
    )  # fmt: skip


def list_states() -> list[TableState]:
    return [get_state(name) for name in SCHEMAS]


def list_versions(table: str, *, limit: int = 20) -> list[Version]:
    """The newest versions of a table, newest first, with what made them."""
    found: list[Version] = []
    with saying_what_failed(table):
        delta = find_table(table)
        newest = -1 if delta is None else delta.version()
        for version in range(newest, max(-1, newest - limit), -1):
            entry = commit_of(table, version)
            if entry is None:  # cleaned away, and all before it
                break
            found.append(Version(version, datetime.fromtimestamp(entry["timestamp"] / 1000, UTC), _act(entry)))
    return found


def _act(entry: dict[str, Any]) -> str:
    told = entry.get("act") or (entry.get("userMetadata") and json.loads(entry["userMetadata"]).get("act"))
    return str(told or {"CREATE TABLE": "create", "VACUUM END": "vacuum"}.get(entry.get("operation", ""), "append"))
