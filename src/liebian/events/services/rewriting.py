"""The only place where events are changed: when their person is erased. What they say is rewritten, that they happened stays.

Does not own what is left of an event (the caller's `change`).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
from django.db import transaction

from liebian.core import crypto
from liebian.core.columns import select_in, update_tuples
from liebian.core.redacted_rows import redact_rows
from liebian.core.redaction import Words
from liebian.events.hiding import NAMES, Said, hide_ids, show_ids
from liebian.events.inbox.quarantine import open_message
from liebian.events.models import Event, Quarantined, RefusedRequest
from liebian.events.queries import PERSONAL_CONTEXT, QUARANTINE_CONTEXT, REFUSED_CONTEXT
from liebian.events.services.log import log_alias
from liebian.events.types import EXCERPT, Content
from liebian.lake import services as lake

Change = Callable[[Content], Content]
_SAID = ("user_id", "anonymous_id", "body", "personal", "corrections")
_LAKE = {"personal": "personal_sealed"}
_PART = 500


def rewrite_rows(*, event_ids: Iterable[int], change: Change) -> int:
    """Let what these rows of the log say be what `change` makes of it; returns how many there were.

    Writes the log, some rows in a transaction. Idempotent as far as `change` is; rows that live in the lake only are left alone.
    """
    wanted, count = sorted(set(event_ids)), 0
    for start in range(0, len(wanted), _PART):
        with transaction.atomic(using=log_alias()):
            found = list(select_in(Event, ("id", "source", *_SAID), "id", wanted[start : start + _PART]))
            rows = [(*_said(change(_open(row))), row[0]) for row in found]
            update_tuples(Event, _SAID, rows)
            count += len(rows)
    return count


def rewrite_lake(*, event_ids: Collection[int], owners: Collection[int], change: Change) -> int:
    """The same in the lake's table of events; `owners` are the customers whose these events are. Returns how many files were
    rewritten. Raises Unavailable "lake_unavailable"; then the same call can be made again."""
    wanted = pa.array(sorted(event_ids), pa.int64())

    def scrub(rows: pa.Table) -> pa.Table:
        return _scrubbed(rows, pc.is_in(rows["event_id"], wanted), change)

    return lake.rewrite_rows(table="events", owners=owners, change=scrub) if len(wanted) else 0


def hide_published_ids() -> int:
    """Hide ids that name somebody in what the lake got before it hid them; returns how many files were rewritten. Idempotent."""
    count = lake.rewrite_rows(table="events", owners=None, change=hide_ids)
    lake.mark_hidden(table="events")
    return count


def forget_messages(
    *, is_theirs: Callable[[dict[str, Any]], bool], may_name: Callable[[Any], bool], words: Words, upto_ms: int
) -> int:
    """Empty what waits or waited in quarantine and is somebody's, and what was kept of requests that were refused until then where it
    may name them or nobody can tell, because it is cut off or cannot be read. Writes Quarantined, RefusedRequest. Idempotent. Returns
    how many messages were emptied."""
    with transaction.atomic(using=log_alias()):
        rows = Quarantined.objects.filter(received_ms__lte=upto_ms).values_list("pk", "message").iterator(_PART)
        theirs = [key for key, message in rows if is_theirs(open_message(message))]
        nothing = crypto.seal({}, context=QUARANTINE_CONTEXT)
        for start in range(0, len(theirs), _PART):
            part = Quarantined.objects.filter(pk__in=theirs[start : start + _PART])
            part.update(message=nothing, state="dismissed")
        _forget_refused(may_name, words, upto_ms)
    return len(theirs)


def _forget_refused(may_name: Callable[[Any], bool], words: Words, upto_ms: int) -> None:
    refused = RefusedRequest.objects.filter(received_ms__lte=upto_ms)
    redact_rows(refused, ("details",), words)
    kept = refused.filter(excerpt__isnull=False).values_list("pk", "excerpt").iterator(_PART)
    told = ((key, str(crypto.unseal(excerpt, context=REFUSED_CONTEXT))) for key, excerpt in kept if excerpt)
    theirs = [key for key, excerpt in told if (said := _whole(excerpt)) is None or may_name(said[0])]
    for start in range(0, len(theirs), _PART):
        RefusedRequest.objects.filter(pk__in=theirs[start : start + _PART]).update(excerpt=None)


def _whole(excerpt: str) -> tuple[Any] | None:
    """What a request said; None where its beginning does not tell."""
    if len(excerpt.encode()) >= EXCERPT or "\ufffd" in excerpt:
        return None
    try:
        return (msgspec.json.decode(excerpt),)
    except (msgspec.DecodeError, UnicodeError):
        return None


def _open(row: tuple[Any, ...]) -> Content:
    id_, source, user_id, anonymous_id, body, personal, corrections = row
    opened: Any = crypto.unseal(personal, context=PERSONAL_CONTEXT) if personal else {}
    return Content(id_, source, user_id, anonymous_id, msgspec.json.decode(bytes(body)), opened, corrections)


def _said(content: Content) -> tuple[Any, ...]:
    sealed = crypto.seal(content.personal, context=PERSONAL_CONTEXT) if content.personal else None
    return (content.user_id, content.anonymous_id, msgspec.json.encode(content.body), sealed, content.corrections)


def _scrubbed(rows: pa.Table, wanted: pa.ChunkedArray, change: Change) -> pa.Table:
    """The rows with those that are wanted rewritten, all in their places."""
    mask = wanted.combine_chunks() if isinstance(wanted, pa.ChunkedArray) else wanted
    names = ("event_id", "source", *(_LAKE.get(name, name) for name in _SAID))
    mine = [
        {**row, **show_ids(Said(*(row[name] for name in NAMES)))._asdict()}
        for row in rows.filter(mask).select(list(names)).to_pylist()
    ]
    said = [_said(change(_open(tuple(row[n].encode() if n == "body" else row[n] for n in names)))) for row in mine]
    for place, name in enumerate(names[2:]):
        fresh = [one[place].decode() if name == "body" else one[place] for one in said]
        column = rows[name].combine_chunks()
        changed = pc.replace_with_mask(column, mask, pa.array(fresh, column.type))
        rows = rows.set_column(rows.schema.get_field_index(name), rows.schema.field(name), changed)
    return hide_ids(rows)
