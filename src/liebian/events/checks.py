"""The registered schemas as one immutable value that the way in asks for every message.

Reads schemas in one query. Does not write, does not store what it finds: the caller does.
"""

from __future__ import annotations

from functools import lru_cache
from types import MappingProxyType
from typing import Any

import msgspec
from django.db.models import TextField
from django.db.models.functions import Cast

from liebian.events.checking.compiled import CompiledSchema
from liebian.events.checking.types import QUARANTINE, Correction, FieldRule, Violation
from liebian.events.models import Schema

_UNCHECKED = CompiledSchema("track", [], corrects=False, other_fields=True)
ANY_NAME = frozenset({"page", "screen", "group"})  # their schema without a name is for every name


class Checks:
    """Immutable; reload it by `load_checks()`. With nothing registered a check is one look at an empty mapping."""

    __slots__ = ("_by_event",)

    def __init__(self, schemas: dict[tuple[str, str], CompiledSchema]) -> None:
        self._by_event = MappingProxyType(schemas)

    def check(
        self, type: str, name: str, message: dict[str, Any], *, unknown: str = "allow"
    ) -> tuple[dict[str, Any], list[Correction], list[Violation]]:
        """(the message or a corrected copy, corrections, violations). The message goes in only without violations.

        `unknown` is the source's setting for track events that nobody registered. A page, screen or group without a schema
        of its name is checked by the schema without a name, if there is one.
        """
        schema = self._by_event.get((type, name))
        if schema is None and name and type in ANY_NAME:
            schema = self._by_event.get((type, ""))
        if schema is not None:
            return schema.check(message)
        if unknown == QUARANTINE and type == "track":
            return message, [], [Violation("unknown_event", "", {"name": name})]
        return message, [], []


def load_checks() -> Checks:
    """One query; what has not changed is not compiled again. An event whose schema is switched off is known, unchecked."""
    rows = Schema.objects.annotate(said=Cast("fields", TextField())).values_list(
        "type", "name", "is_enabled", "said", "corrects", "other_fields"
    )
    return Checks({(kind, name): _compile(kind, *more) if is_on else _UNCHECKED for kind, name, is_on, *more in rows})


@lru_cache(maxsize=4096)
def _compile(kind: str, said: str, corrects: bool, other_fields: bool) -> CompiledSchema:
    fields: dict[str, dict[str, Any]] = msgspec.json.decode(said)
    rules = [FieldRule.from_json(path, rule) for path, rule in fields.items()]
    return CompiledSchema(kind, rules, corrects=corrects, other_fields=other_fields)
