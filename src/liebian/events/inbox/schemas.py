"""Reads of the registered schemas, and the proposal of a new one from what arrived."""

from __future__ import annotations

from typing import Any

import msgspec

from liebian.core import crypto
from liebian.core.errors import NotFound
from liebian.core.texts import mark as _
from liebian.events.checking.compiled import held_of, holder_of
from liebian.events.checking.learn import learn
from liebian.events.checking.types import SCHEMA_TYPES, FieldRule, LearnedField
from liebian.events.checks import ANY_NAME
from liebian.events.inbox.quarantine import open_message
from liebian.events.inbox.types import SchemaView
from liebian.events.models import Event, Quarantined, Schema
from liebian.events.queries import PERSONAL_CONTEXT, get_log_end
from liebian.events.rules import join_personal
from liebian.events.types import INTERNAL_SOURCE

LEARN_FROM = 1000
LOOK_BACK = 100_000


def schema_view(row: Schema) -> SchemaView:
    rules = tuple(FieldRule.from_json(path, said) for path, said in row.fields.items())
    return SchemaView(
        id=row.pk, type=row.type, name=row.name, rules=rules, corrects=row.corrects, other_fields=row.other_fields,
        is_enabled=row.is_enabled, version=row.version, changed_at=row.changed_at,
    )  # fmt: skip


def list_schemas() -> list[SchemaView]:
    return [schema_view(row) for row in Schema.objects.order_by("type", "name")]


def get_schema(schema_id: int) -> SchemaView:
    row = Schema.objects.filter(pk=schema_id).first()
    if row is None:
        raise NotFound("schema_not_found", _("There is no such schema."))
    return schema_view(row)


def list_unregistered(*, look_back: int = 2000, limit: int = 20) -> list[tuple[str, str, int]]:
    """(type, name, how often) of newest arrivals that have no schema yet, the most frequent first."""
    known = set(Schema.objects.values_list("type", "name"))
    counts: dict[tuple[str, str], int] = {}
    newest = Event.objects.order_by("-id").values_list("source", "type", "name")[:look_back]
    held = Quarantined.objects.order_by("-id").values_list("source", "type", "name")[:look_back]
    for source, kind, name in [*newest, *held]:
        is_known = (kind, name) in known or (kind in ANY_NAME and (kind, "") in known)
        if source != INTERNAL_SOURCE and kind in SCHEMA_TYPES and not is_known:
            counts[kind, name] = counts.get((kind, name), 0) + 1
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return [(kind, name, count) for (kind, name), count in ordered[:limit]]


def learn_schema(*, type: str, name: str) -> list[LearnedField]:
    """Propose fields from the newest events of this name, those in quarantine included. Values are looked at, never kept."""
    holder = holder_of(type)
    rows = (
        Event.objects.filter(id__gt=get_log_end() - LOOK_BACK, type=type, name=name)
        .exclude(source=INTERNAL_SOURCE).order_by("-id").values_list("body", "personal")[:LEARN_FROM]
    )  # fmt: skip
    held: list[dict[str, Any]] = []
    for body, personal in rows:
        opened: Any = crypto.unseal(personal, context=PERSONAL_CONTEXT) if personal else {}
        held.append(join_personal(holder, type, msgspec.json.decode(bytes(body)), opened))
    waiting = Quarantined.objects.filter(type=type, name=name, state="waiting").order_by("-id")
    for (sealed,) in waiting.values_list("message")[: LEARN_FROM - len(held)]:
        inside = held_of(type, open_message(sealed))
        held.append(inside if isinstance(inside, dict) else {})
    return learn(held)
