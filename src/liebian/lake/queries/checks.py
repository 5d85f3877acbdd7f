"""Whether the lake is well: can it be written, and do its files keep what the layout promises?"""

from __future__ import annotations

import re
from collections.abc import Iterator
from uuid import uuid4

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from liebian.core.errors import LiebianError
from liebian.core.personal_ids import IN_BODY, WHOLE
from liebian.lake.ordering import owners_of, sort_rows
from liebian.lake.queries.history import dataset_of
from liebian.lake.rules import bucket_of
from liebian.lake.store import filesystem, is_remote, open_file
from liebian.lake.tables import find_snapshot, find_table, saying_what_failed
from liebian.lake.types import LAYOUTS, SCHEMAS, Counted, Part, Problem

_PERSONAL = re.compile(
    rb'"(?:name|phone|mobile|email|address|openid|unionid|firstName|lastName)"\s*:\s*"'
    rb'(?:\+?[\d ()-]{7,}|[^"@\s]+@[^"@\s]+\.[^"@\s]+)"'
)
_IDS = (("user_id", WHOLE), ("anonymous_id", WHOLE), ("body", IN_BODY))


def probe() -> str | None:
    """Writes and deletes a small file beside the tables; what went wrong, or None when all is well."""
    try:
        system, root = filesystem()
        if not is_remote():
            system.create_dir(root, recursive=True)
        path = f"{root}/probe-{uuid4().hex}"
        with system.open_output_stream(path) as out:
            out.write(b"lake")
        system.delete_file(path)
    except (OSError, pa.ArrowException) as error:
        return f"cannot be written: {error}"
    for table in SCHEMAS:
        try:
            snapshot = find_snapshot(table)
            with saying_what_failed(table):
                for part in snapshot.parts if snapshot else ():
                    open_file(table, part.path)
        except LiebianError as error:
            return f"{table}: {error}"
    return None


def check_table(table: str, *, ends: dict[str, int], least: int = 0, counted: Counted | None = None) -> list[Problem]:
    """What is wrong with a table; an empty list when nothing is.

    `ends` says how far the log of each reader goes: a table must not claim more, nor less than `least`, which has left the log.
    `counted` is how many rows the log itself has in a stretch that the table must hold whole.
    """
    found = list(_check(table))
    delta = find_table(table)
    for reader, end in ends.items():
        position = int(delta.transaction_version(reader) or 0) if delta else 0
        if position > end:
            words = f"says it holds {reader} up to {position:,}; the log ends at {end:,}"
            found.append(Problem(table, "position_beyond_log", words))
        if position < least:
            words = (
                f"holds {reader} up to {position:,}; what came up to {least:,} has left the database: is this the lake?"
            )
            found.append(Problem(table, "lost", words))
    snapshot = find_snapshot(table)
    if counted is not None and snapshot is not None and not any(problem.code == "unreadable" for problem in found):
        rows = dataset_of(snapshot).count_rows(filter=pc.field(counted.column) > counted.after) if snapshot.parts else 0
        if rows != counted.rows:
            words = f"holds {rows:,} rows after {counted.after:,}; its log has {counted.rows:,} up to its position"
            found.append(Problem(table, "rows_differ", words))
    return found


def _check(table: str) -> Iterator[Problem]:
    snapshot = find_snapshot(table)
    seen: list[np.ndarray] = []
    for part in snapshot.parts if snapshot else ():
        try:
            with saying_what_failed(table):
                yield from _check_part(table, part, seen)
        except LiebianError as error:
            yield Problem(table, "unreadable", f"{part.path}: {error}")
    unique = np.sort(np.concatenate(seen)) if seen else np.array([], dtype=np.int64)
    repeated = int((unique[1:] == unique[:-1]).sum())
    if repeated:
        yield Problem(table, "duplicates", f"{repeated:,} rows have a {LAYOUTS[table].unique} that another row has")


def _check_part(table: str, part: Part, seen: list[np.ndarray]) -> Iterator[Problem]:
    layout = LAYOUTS[table]
    file = open_file(table, part.path)
    if file.metadata.num_rows != part.rows:
        yield Problem(
            table, "rows_differ", f"{part.path} has {file.metadata.num_rows:,} rows, its entry says {part.rows:,}"
        )
    if layout.unique is not None:
        seen.append(file.read(columns=[layout.unique])[layout.unique].to_numpy())
    keys = file.read(columns=list(layout.order)).select(list(layout.order))
    if not keys.equals(sort_rows(keys, layout, by_bucket=part.kind == "fresh")):
        yield Problem(table, "not_sorted", f"{part.path} is not in the order of {', '.join(layout.order)}")
    if part.kind != "fresh" and bool((bucket_of(owners_of(keys, layout), part.buckets) != part.bucket).any()):
        yield Problem(table, "wrong_bucket", f"{part.path} holds rows of another bucket")
    for name, pattern in _IDS:
        shown = _count_matches(file.read(columns=[name])[name], pattern) if name in SCHEMAS[table].names else 0
        if shown:
            yield Problem(
                table,
                "personal_in_clear",
                f"{part.path}: {shown:,} rows show a phone number or an e-mail address as {name}",
            )
    for text in {"body", "attributes"} & set(SCHEMAS[table].names):
        clear = _count_clear(file.read(columns=[text])[text])
        if clear:
            yield Problem(
                table, "personal_in_clear", f"{part.path}: {clear:,} rows show a phone number or an e-mail address"
            )


def _count_matches(texts: pa.ChunkedArray, pattern: str) -> int:
    return int(pc.sum(pc.match_substring_regex(texts, pattern)).as_py() or 0)


def _count_clear(texts: pa.ChunkedArray) -> int:
    """Rows that carry a phone number or an e-mail address under a name that personal fields have."""
    maybe = texts.filter(pc.match_substring_regex(texts, r"[0-9]{7}|@|\+"))
    return sum(bool(_PERSONAL.search(text.as_buffer().to_pybytes())) for text in maybe if text.is_valid)
