"""Publishing to the lake, exactly once per (table, reader, position), and keeping its files in order."""

from __future__ import annotations

from collections.abc import Callable, Collection

import pyarrow as pa
import structlog

from liebian.core.errors import LiebianError
from liebian.lake.ordering import sort_rows
from liebian.lake.queries.states import get_state
from liebian.lake.rewriting import rewrite
from liebian.lake.rules import Step
from liebian.lake.tables import find_table, saying_what_failed, snapshot_of
from liebian.lake.tidying import tidy
from liebian.lake.types import HIDDEN, LAYOUTS, SCHEMAS, TableState
from liebian.lake.writing import commit_hidden, commit_rows, commit_step, create_table, write_file

log = structlog.get_logger("lake")


def append_rows(*, table: str, rows: pa.Table, reader: str, position: int) -> bool:
    """Append rows that bring `reader` to `position`; False when that position is already published.

    Writes one file and one commit. Idempotent by (table, reader, position): the position is part of the commit, so a
    crash before it leaves nothing behind that a reader of the table would see. Raises Unavailable "lake_unavailable";
    then nothing is published and the same call can be made again.
    """
    with saying_what_failed(table):
        delta = find_table(table) or create_table(table)
        snapshot_of(table, delta)
        if position <= int(delta.transaction_version(reader) or 0):
            return False
        laid = sort_rows(rows.cast(SCHEMAS[table]), LAYOUTS[table], by_bucket=True)
        commit_rows(delta, write_file(table, [laid]), reader=reader, position=position)
    try:
        with saying_what_failed(table):
            tidy(table, delta)
    except LiebianError as error:  # the rows are safe; the files are put in order with a later commit
        log.warning("lake_not_tidied", table=table, error=str(error))
    return True


def empty_table(*, table: str) -> None:
    """Let every row leave the table in one commit; how far its readers are stays. Idempotent. Raises Unavailable
    "lake_unavailable"; then the table is as it was."""
    with saying_what_failed(table):
        delta = find_table(table)
        parts = snapshot_of(table, delta).parts if delta is not None else ()
        if delta is not None and parts:
            commit_step(delta, Step("rewrite", parts), [])


def compact_table(*, table: str) -> TableState:
    """Rewrite the table into one sorted file per bucket. Rows stay the same; running it twice changes nothing.

    Raises Unavailable "lake_unavailable"; then the table is as it was.
    """
    with saying_what_failed(table):
        delta = find_table(table)
        if delta is not None:
            tidy(table, delta, everything=True)
    return get_state(table)


def drop_old_files(*, table: str) -> int:
    """Delete files that no version of the last week needs, orphans of crashed writers among them; returns how many.

    Writes nothing to the table's history of rows. Raises Unavailable "lake_unavailable".
    """
    with saying_what_failed(table):
        delta = find_table(table)
        if delta is None:
            return 0
        gone = delta.vacuum(dry_run=True, full=True)
        return len(delta.vacuum(dry_run=False, full=True)) if gone else 0


def drop_replaced_files(*, table: str, hours: int) -> int:
    """Delete files that left the table at least so many hours ago, though versions of the last week need them: nobody reads those any
    more. Files of writers at work stay. Returns how many went. Raises Unavailable "lake_unavailable"."""
    with saying_what_failed(table):
        delta = find_table(table)
        if delta is None:
            return 0
        return len(delta.vacuum(retention_hours=hours, dry_run=False, enforce_retention_duration=False))


def rewrite_rows(*, table: str, owners: Collection[int] | None, change: Callable[[pa.Table], pa.Table]) -> int:
    """Let rows of these owners be what `change` makes of them, wherever they lie; returns how many files were rewritten. None means
    all rows, where `change` gives back another table than it got.

    `change` is given all rows of a row group and leaves their number and order. Writes one commit for each file; readers of an older
    version keep its files until `drop_replaced_files` or, after a week, `drop_old_files`. Idempotent as far as `change` is. Raises Unavailable "lake_unavailable"; then
    the same call can be made again.
    """
    with saying_what_failed(table):
        delta = find_table(table)
        return rewrite(table, delta, owners, change) if delta is not None else 0


def mark_hidden(*, table: str) -> None:
    """Note that every file of the table was looked through for ids that name somebody: staff are no longer asked to. Idempotent.
    Raises Unavailable "lake_unavailable"."""
    with saying_what_failed(table):
        delta = find_table(table)
        if delta is not None and delta.transaction_version(HIDDEN) is None:
            commit_hidden(delta)
