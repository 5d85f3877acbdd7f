"""Ids that name somebody, on their way into the lake and back: there stands `hidden:…` with the keyed hash that finds them, and the id itself
lies sealed beside the event's personal fields.

Equal ids give equal marks, so other tools can count and join by them. Our own readers get the ids as they were.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from liebian.core import crypto
from liebian.core.personal_ids import IN_BODY, WHOLE, is_personal

PREFIX = "hidden:"
_CONTEXT = "event.hidden"
MARK = b"\x00"  # no version of a key: such a blob holds the ids and the event's own sealed fields
_KINDS = {
    "user_id": ("user_id",), "anonymous_id": ("anonymous_id",), "previous_id": ("anonymous_id", "user_id"), "referred_by": ("user_id",),
}  # fmt: skip
_IN_BODY = ("previous_id", "referred_by")
NAMES = ("user_id", "anonymous_id", "body", "personal_sealed")


class Said(NamedTuple):
    """What of a row of the lake may be hidden."""

    user_id: str | None
    anonymous_id: str | None
    body: str | None
    personal_sealed: bytes | None


def hide_ids(rows: pa.Table) -> pa.Table:
    """The rows of the lake's events with every id that names somebody hidden. Doing it again changes nothing."""
    mask = find_personal(rows)
    if not pc.any(mask).as_py():
        return rows
    hidden = [_hidden(Said(**row)) for row in rows.select(list(NAMES)).filter(mask).to_pylist()]
    for place, name in enumerate(NAMES):
        column = rows[name].combine_chunks()
        fresh = pa.array([each[place] for each in hidden], column.type)
        at = rows.schema.get_field_index(name)
        rows = rows.set_column(at, rows.schema.field(name), pc.replace_with_mask(column, mask, fresh))
    return rows


def find_personal(rows: pa.Table) -> pa.Array:
    """Which rows show an id that names somebody."""
    found = np.zeros(rows.num_rows, bool)
    for name, pattern in (("user_id", WHOLE), ("anonymous_id", WHOLE), ("body", IN_BODY)):
        matched = pc.fill_null(pc.match_substring_regex(rows[name], pattern), False)
        found |= matched.to_numpy()
    return pa.array(found)


def show_ids(row: Said) -> Said:
    """The row as the log had it."""
    blob = row.personal_sealed
    if not blob or blob[:1] != MARK:
        return row
    kept: Any = crypto.unseal(blob[1:], context=_CONTEXT)
    ids, sealed = kept["ids"], bytes.fromhex(kept["sealed"]) or None
    body = row.body
    if body is not None and "body" in kept:
        body = kept["body"]
    return Said(ids.get("user_id", row.user_id), ids.get("anonymous_id", row.anonymous_id), body, sealed)


def _hidden(row: Said) -> Said:
    row = show_ids(row)
    ids = {name: value for name in ("user_id", "anonymous_id") if is_personal(value := getattr(row, name))}
    kept: dict[str, Any] = {"ids": ids, "sealed": (row.personal_sealed or b"").hex()}
    body = _hide_in_body(row.body)
    if body != row.body:
        kept["body"] = row.body
    return Said(
        _mark("user_id", row.user_id) if "user_id" in ids else row.user_id,
        _mark("anonymous_id", row.anonymous_id) if "anonymous_id" in ids else row.anonymous_id,
        body, MARK + crypto.seal(kept, context=_CONTEXT),
    )  # fmt: skip


def _hide_in_body(text: str | None) -> str | None:
    """Ids under the names that hold one, however deep."""
    body = msgspec.json.decode(text) if text else None
    return msgspec.json.encode(body).decode() if _hide_below(body) else text


def _hide_below(value: Any) -> bool:
    """Whether there was one."""
    if isinstance(value, list):
        return sum(map(_hide_below, value)) > 0
    if not isinstance(value, dict):
        return False
    named = [name for name in _IN_BODY if is_personal(value.get(name))]
    value.update({name: _mark(name, str(value[name])) for name in named})
    return len(named) + sum(map(_hide_below, value.values())) > 0


def _mark(name: str, value: str | None) -> str:
    return PREFIX + ";".join(f"{kind}={crypto.index_of(kind, value or '').hex()}" for kind in _KINDS[name])
