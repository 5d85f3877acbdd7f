"""Writes of registered schemas."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from liebian.access import services as audit
from liebian.core.errors import Conflict, Invalid, NotFound
from liebian.core.texts import mark as _
from liebian.events.checking.repair import is_path
from liebian.events.checking.types import FIELD_TYPES, INTEGER, LIST, NUMBER, OBJECT, SCHEMA_TYPES, STRING, FieldRule
from liebian.events.checking.values import fits
from liebian.events.inbox.schemas import schema_view
from liebian.events.inbox.types import SchemaView
from liebian.events.models import Schema
from liebian.events.rules.drafts import MAX_NAME
from liebian.events.services.log import log_alias

MAX_FIELDS = 200
_LIMITED = frozenset({NUMBER, INTEGER, STRING, LIST})


def save_schema(
    *, type: str, name: str, rules: Sequence[FieldRule], corrects: bool, other_fields: bool, actor_id: int | None,
    now: datetime, schema_id: int | None = None, version: int | None = None,
) -> SchemaView:  # fmt: skip
    """Register a kind of event, or change one (its type and name stay). Each change makes the next version.

    Writes Schema and an audit entry. The same again changes nothing. Raises Invalid (fields), NotFound, Conflict
    "schema_exists", and "schema_changed" when somebody saved since `version` was read.
    """
    _check_rules(rules)
    values: dict[str, Any] = {
        "fields": {rule.path: rule.as_json() for rule in rules}, "corrects": corrects, "other_fields": other_fields,
    }  # fmt: skip
    with transaction.atomic(), transaction.atomic(using=log_alias()):
        if schema_id is None:
            row = _register(type, name.strip(), values, now)
        else:
            row, is_changed = _change(schema_id, version, values, now)
            if not is_changed:
                return schema_view(row)
        audit.record_audit(
            actor_id=actor_id, action="schema.saved", subject=f"schema:{row.type}/{row.name}"[:100],
            details={"version": row.version, "fields": len(rules)}, now=now,
        )  # fmt: skip
    return schema_view(row)


def set_schema_enabled(*, schema_id: int, is_enabled: bool, actor_id: int | None, now: datetime) -> SchemaView:
    """Check events against it, or let them through as they are. Idempotent. Raises NotFound."""
    with transaction.atomic(), transaction.atomic(using=log_alias()):
        row = _lock(schema_id)
        if row.is_enabled != is_enabled:
            row.is_enabled, row.changed_at = is_enabled, now
            row.save(update_fields=["is_enabled", "changed_at"])
            action = "schema.switched_on" if is_enabled else "schema.switched_off"
            subject = f"schema:{row.type}/{row.name}"[:100]
            audit.record_audit(actor_id=actor_id, action=action, subject=subject, now=now)
    return schema_view(row)


def _register(kind: str, name: str, values: dict[str, Any], now: datetime) -> Schema:
    if kind not in SCHEMA_TYPES:
        raise Invalid("bad_schema_type", _("Choose which kind of message the schema is for."), field="type")
    if kind == "track" and not name:
        raise Invalid("schema_name_missing", _("Say which event the schema is for."), field="name")
    if len(name) > MAX_NAME or not name.isprintable():
        raise Invalid(
            "bad_schema_name", _("The name of an event has up to %(limit)s characters."), limit=MAX_NAME, field="name"
        )
    kept = "" if kind == "identify" else name
    row, is_new = Schema.objects.get_or_create(type=kind, name=kept, defaults={**values, "changed_at": now})
    if not is_new:
        raise Conflict("schema_exists", _("There is already a schema for '%(name)s'."), name=kept or kind, field="name")
    return row


def _change(schema_id: int, version: int | None, values: dict[str, Any], now: datetime) -> tuple[Schema, bool]:
    row = _lock(schema_id)
    if version is not None and row.version != version:
        raise Conflict("schema_changed", _("Somebody else has changed this schema. Open it again before you save."))
    if all(getattr(row, field) == value for field, value in values.items()) and list(row.fields) == list(
        values["fields"]
    ):
        return row, False
    for field, value in values.items():
        setattr(row, field, value)
    row.version, row.changed_at = row.version + 1, now
    row.save()
    return row, True


def _lock(schema_id: int) -> Schema:
    row = Schema.objects.select_for_update().filter(pk=schema_id).first()
    if row is None:
        raise NotFound("schema_not_found", _("There is no such schema."))
    return row


def _check_rules(rules: Sequence[FieldRule]) -> None:
    if len(rules) > MAX_FIELDS:
        raise Invalid("too_many_fields", _("A schema has at most %(limit)s fields."), limit=MAX_FIELDS)
    by_path: dict[str, FieldRule] = {}
    for rule in rules:
        _check_rule(rule)
        if rule.path in by_path:
            raise Invalid("field_twice", _("The field '%(field)s' is there twice."), field=rule.path)
        by_path[rule.path] = rule
    for path in by_path:
        steps = path.split(".")
        for above in (".".join(steps[:depth]) for depth in range(1, len(steps))):
            if above in by_path and by_path[above].type != OBJECT:
                raise Invalid(
                    "field_not_object", _("'%(field)s' has fields below it, so it must be an object."), field=above
                )


def _check_rule(rule: FieldRule) -> None:
    if not is_path(rule.path):
        raise Invalid("bad_field_path", _("'%(field)s' is not the name of a field."), field=rule.path[:100])
    if rule.type not in FIELD_TYPES:
        raise Invalid("bad_field_type", _("'%(type)s' is not a type of a field."), type=rule.type[:40])
    if rule.one_of and (
        rule.type not in {STRING, NUMBER, INTEGER} or not all(fits(one, rule.type) for one in rule.one_of)
    ):
        raise Invalid("bad_one_of", _("The allowed values of '%(field)s' must be of its type."), field=rule.path)
    if rule.type == STRING and any(one != one.strip() or not one for one in rule.one_of):
        raise Invalid("bad_one_of", _("The allowed values of '%(field)s' must be of its type."), field=rule.path)
    if (rule.min is not None or rule.max is not None) and rule.type not in _LIMITED:
        raise Invalid("bad_limits", _("'%(field)s' can have no smallest or largest value."), field=rule.path)
    if rule.min is not None and rule.max is not None and rule.min > rule.max:
        raise Invalid("bad_limits_order", _("The smallest value of '%(field)s' is above the largest."), field=rule.path)
