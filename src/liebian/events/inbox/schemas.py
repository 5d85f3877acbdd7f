"""Reads of the registered schemas, and the proposal of a new one from what arrived."""

from __future__ import annotations

from collections import Counter
from typing import Any

import msgspec
from django.db.models import Count, Max, QuerySet

from liebian.core import crypto
from liebian.core.errors import NotFound
from liebian.core.texts import mark as _
from liebian.events.checking.compiled import held_of, holder_of
from liebian.events.checking.learn import learn
from liebian.events.checking.types import SCHEMA_TYPES, FieldRule, LearnedField
from liebian.events.checks import ANY_NAME
from liebian.events.inbox.quarantine import open_message
from liebian.events.inbox.types import SchemaView, Unregistered
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


def list_unregistered() -> list[Unregistered]:
    """What of the newest arrivals has no schema yet, those in quarantine included; the most frequent first."""
    known = set(Schema.objects.values_list("type", "name"))
    counts: Counter[tuple[str, str]] = Counter()
    for arrived in (Event.objects.filter(id__gt=get_log_end() - LOOK_BACK), _newest_quarantined()):
        theirs = arrived.filter(type__in=SCHEMA_TYPES).exclude(source=INTERNAL_SOURCE)
        for kind, name, count in theirs.values_list("type", "name").annotate(count=Count("pk")):
            if (kind, name) not in known and not (kind in ANY_NAME and (kind, "") in known):
                counts[kind, name] += count
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return [Unregistered(kind, name, count) for (kind, name), count in ordered]


def _newest_quarantined() -> QuerySet[Quarantined]:
    end = Quarantined.objects.aggregate(last=Max("pk"))["last"] or 0
    return Quarantined.objects.filter(pk__gt=end - LOOK_BACK)


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
