"""Free texts of database rows without what names somebody. Does not own which rows and which texts those are."""

from __future__ import annotations

from typing import Any

from django.db.models import Model, QuerySet

from liebian.core.redaction import Words

_PART = 500


def redact_rows(rows: QuerySet[Any], fields: tuple[str, ...], words: Words) -> int:
    """Take the words out of these columns, text or JSON; returns how many rows changed. Idempotent."""
    if not words:
        return 0
    count = 0
    for key, *values in rows.order_by("pk").values_list("pk", *fields).iterator(_PART):
        fresh = dict(zip(fields, map(words.redact_within, values), strict=True))
        if list(fresh.values()) != values:
            model: type[Model] = rows.model
            count += model._default_manager.filter(pk=key).update(**fresh)
    return count
