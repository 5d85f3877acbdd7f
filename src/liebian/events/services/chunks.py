"""One chunk of an import: what is new or different goes to the log, and what was said is remembered."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime

from django.db import connections

from liebian.core import crypto, ids
from liebian.core.moments import moment_of
from liebian.events.imports.types import CUSTOMER, ORDER, REFUND, Item
from liebian.events.models import ImportedItem
from liebian.events.rules import Draft, key_of, make_draft
from liebian.events.services.log import insert_drafts, log_alias

_REMEMBER = (
    "INSERT INTO events_importeditem (key, content, revision) VALUES (%s, %s, %s) "
    "ON CONFLICT (key) DO UPDATE SET content = excluded.content, revision = excluded.revision"
)
_EVENT_OF = {CUSTOMER: ("identify", ""), ORDER: ("track", "Order Completed"), REFUND: ("track", "Order Refunded")}


@dataclass(frozen=True, slots=True)
class Counts:
    """Orders by what became of them."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0

    def plus(self, other: Counts) -> Counts:
        return Counts(self.created + other.created, self.updated + other.updated, self.unchanged + other.unchanged)

    def as_dict(self) -> dict[str, int]:
        return asdict(self)


def write_chunk(items: list[Item], *, source: str, received_at: datetime) -> Counts:
    """Append the events of items that are new or differ from what this source said before. Part of a transaction.

    Writes events and ImportedItem. Idempotent by source, kind, ref and content.
    """
    keyed = {crypto.index_of("import.key", f"{source}\x1f{item.kind}\x1f{item.ref}"): item for item in items}
    known = {bytes(row.key): row for row in ImportedItem.objects.filter(key__in=list(keyed))}
    drafts: list[Draft] = []
    remembered: list[tuple[bytes, bytes, int]] = []
    tally = {"created": 0, "updated": 0, "unchanged": 0}
    for key, item in keyed.items():
        content = crypto.index_of("import.content", f"{item.user_id}\x1f{item.at_ms}\x1f{item.payload}")
        before = known.get(key)
        fate = "created" if before is None else "unchanged" if bytes(before.content) == content else "updated"
        tally[fate] += item.kind == ORDER
        if fate != "unchanged":
            revision = before.revision + 1 if before else 1
            drafts.append(_draft(item, source, revision, content))
            remembered.append((key, content, revision))
    insert_drafts(drafts, source=source, received_at=received_at)
    _remember(remembered)
    return Counts(**tally)


def _remember(rows: list[tuple[bytes, bytes, int]]) -> None:
    if rows:
        with connections[log_alias()].cursor() as cursor:
            cursor.executemany(_REMEMBER, rows)


def _draft(item: Item, source: str, revision: int, content: bytes) -> Draft:
    """The revision is part of the id, so that a file corrected back to what it was is heard too."""
    kind, name = _EVENT_OF[item.kind]
    message_id = ids.caused_by("import", item.kind, source, item.ref, revision, content.hex())
    return make_draft(
        key=key_of(moment_of(item.at_ms), source, message_id), kind=kind, name=name, user_id=item.user_id,
        at_ms=item.at_ms, payload=item.payload, personal_fields=item.kind == CUSTOMER,
    )  # fmt: skip
