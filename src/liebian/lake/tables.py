"""Delta tables of the lake as snapshots: which files one version consists of. Knows no rows."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from threading import Lock
from typing import Any

import pyarrow as pa
from deltalake import DeltaTable
from deltalake.exceptions import DeltaError
from deltalake.exceptions import TableNotFoundError as TableMissing

from liebian.core.errors import Unavailable
from liebian.core.texts import mark as _
from liebian.lake.rules import place_of
from liebian.lake.store import is_remote, open_log, storage_options, url_of
from liebian.lake.types import Part, Snapshot

_KEPT = 32
_COLOUR = re.compile("\x1b\\[[0-9;]*m")
_handles: dict[tuple[str, int], DeltaTable] = {}
_snapshots: dict[str, Snapshot] = {}
_lock = Lock()


@contextmanager
def saying_what_failed(table: str) -> Iterator[None]:
    """Turns the many ways in which a disk, a network or a file can fail into one error that names the table."""
    try:
        yield
    except (OSError, DeltaError, pa.ArrowException) as error:
        text = _as_one_line(str(error)) or type(error).__name__
        raise Unavailable(
            "lake_unavailable",
            _("The lake table %(table)s cannot be read or written: %(reason)s"),
            table=table,
            reason=text[:300],
        ) from error


def _as_one_line(text: str) -> str:
    """Object stores draw a coloured tree of what failed.

    >>> _as_one_line("S3 error\\n  \\x1b[31m↳\\x1b[0m no credentials")
    'S3 error ↳ no credentials'
    """
    return " ".join(_COLOUR.sub("", text).split())


def find_table(table: str, *, version: int | None = None, at: datetime | None = None) -> DeltaTable | None:
    """A handle of its own, at the newest version unless one is asked for; None when nothing was published."""
    url = url_of(table)
    if not is_remote() and not (Path(url) / "_delta_log").exists():
        return None
    try:
        delta = DeltaTable(url, version=version, storage_options=storage_options())
    except TableMissing:
        return None
    if at is not None:
        _load_as_of(delta, table, at)
    return delta


def _load_as_of(delta: DeltaTable, table: str, at: datetime) -> None:
    """The last version whose commit says that it was made by then. The library looks at the file's time alone, which may be a moment
    after that, and on an object store, which counts whole seconds, a moment before."""
    newest = delta.version()
    delta.load_as_version(at.astimezone(UTC))
    version = reached = delta.version()
    until = round(at.timestamp() * 1000)
    while version < newest and (entry := commit_of(table, version + 1)) and entry["timestamp"] <= until:
        version += 1
    while version and (entry := commit_of(table, version)) and entry["timestamp"] > until:
        version -= 1
    if version != reached:
        delta.load_as_version(version)


def commit_of(table: str, version: int) -> dict[str, Any] | None:
    """What the commit says of itself. Read file by file: the library's own history lists the whole log, on an object store
    again and again."""
    try:
        with open_log(table, version) as lines:
            actions = (json.loads(line) for line in lines.read().splitlines())
            return next((action["commitInfo"] for action in actions if "commitInfo" in action), None)
    except FileNotFoundError:
        return None


def find_snapshot(table: str) -> Snapshot | None:
    """The newest version. Handles and snapshots are kept per process, so that asking again costs a look at the log."""
    with _lock, saying_what_failed(table):
        delta = _newest(table)
        if delta is None:
            return None
        key = f"{url_of(table)}#{delta.metadata().id}@{delta.version()}"
        found = _snapshots.get(key)
        if found is None:
            found = snapshot_of(table, delta)
            while len(_snapshots) >= _KEPT:
                _snapshots.pop(next(iter(_snapshots)))
            _snapshots[key] = found
        return found


def _newest(table: str) -> DeltaTable | None:
    url = url_of(table)
    log = Path(url) / "_delta_log"
    if not is_remote() and not log.exists():
        return None
    key = (url, 0 if is_remote() else log.stat().st_ino)
    delta = _handles.get(key)
    if delta is None:
        delta = find_table(table)
        if delta is not None:
            if len(_handles) >= _KEPT:
                _handles.clear()
            _handles[key] = delta
        return delta
    delta.update_incremental()
    return delta


def snapshot_of(table: str, delta: DeltaTable) -> Snapshot:
    """The files of this handle's version. Raises Unavailable "lake_table_older" for a table of another layout."""
    rows = pa.table(delta.get_add_actions(flatten=True)).to_pylist()
    parts = []
    for row in rows:
        place = place_of(row["path"])
        if place is None:
            raise Unavailable(
                "lake_table_older",
                _(
                    "The lake table %(table)s was made by an earlier version. Move its folder away: it is published anew."
                ),
                table=table,
            )
        parts.append(
            Part(
                path=row["path"], kind=place[0], buckets=place[1], bucket=place[2], rows=row["num_records"] or 0,
                size=row["size_bytes"], low=_bounds(row, "min."), high=_bounds(row, "max."),
            )
        )  # fmt: skip
    parts.sort(key=lambda part: part.path)
    return Snapshot(table, url_of(table), str(delta.metadata().id), delta.version(), tuple(parts))


def _bounds(row: dict[str, Any], prefix: str) -> dict[str, int]:
    found = {name.removeprefix(prefix): value for name, value in row.items() if name.startswith(prefix)}
    return {name: value for name, value in found.items() if isinstance(value, int) and not isinstance(value, date)}


def positions_of(table: str, readers: tuple[str, ...]) -> dict[str, int]:
    delta = find_table(table)
    found = {reader: delta.transaction_version(reader) for reader in readers} if delta else {}
    return {reader: int(position) for reader, position in found.items() if position is not None}
