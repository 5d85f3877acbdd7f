"""Publishing to the lake, exactly once per (table, reader, position)."""

from __future__ import annotations

import pyarrow as pa
from deltalake import CommitProperties, Transaction, write_deltalake

from liebian.lake.queries import find_table, get_position, url_of
from liebian.lake.types import SCHEMAS

COMPACT_AT_FILES = 32


def append_rows(*, table: str, rows: pa.Table, reader: str, position: int) -> bool:
    """Append rows that bring `reader` to `position`; False when that position is already published.

    Idempotent by (table, reader, position). The position is part of the commit, so a crash before it leaves nothing
    behind that a reader of the table would see.
    """
    published = get_position(table, reader)
    if position <= published:
        return False
    commit = CommitProperties(app_transactions=[Transaction(app_id=reader, version=position)])
    write_deltalake(url_of(table), rows.cast(SCHEMAS[table]), mode="append", commit_properties=commit)
    _compact_if_crumbled(table)
    return True


def replace_rows(*, table: str, rows: pa.Table, reader: str, position: int) -> bool:
    """Replace the whole table by a newer snapshot; False when the lake already has this position or a later one."""
    if position <= get_position(table, reader):
        return False
    commit = CommitProperties(app_transactions=[Transaction(app_id=reader, version=position)])
    write_deltalake(url_of(table), rows.cast(SCHEMAS[table]), mode="overwrite", commit_properties=commit)
    return True


def _compact_if_crumbled(table: str) -> None:
    delta = find_table(table)
    if delta is not None and len(delta.file_uris()) > COMPACT_AT_FILES:
        delta.optimize.compact()
