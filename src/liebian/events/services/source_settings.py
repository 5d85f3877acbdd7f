"""What a source may do: its origins, its rate, its unknown events, its key, on or off. Each change is in the audit trail."""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from liebian.access import services as audit
from liebian.core.errors import Invalid, NotFound
from liebian.core.texts import mark as _
from liebian.events.checking.types import ALLOW, QUARANTINE
from liebian.events.inbox.sources import source_detail
from liebian.events.inbox.types import SourceDetail
from liebian.events.models import Source
from liebian.events.services.log import log_alias

MAX_ORIGINS = 50
MAX_RATE = 1_000_000
_ORIGIN = re.compile(r"https?://[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::[0-9]{1,5})?")


def change_source(
    *, source_id: int, allowed_origins: Sequence[str], events_per_second: int | None, unknown_events: str,
    actor_id: int | None, now: datetime,
) -> SourceDetail:  # fmt: skip
    """Set the limits of a source. No origins means every origin; no rate means no limit of its own.

    Writes Source and an audit entry. Idempotent. Raises Invalid (origin, rate, unknown events) and NotFound.
    """
    values: dict[str, Any] = {
        "allowed_origins": clean_origins(allowed_origins), "events_per_second": events_per_second,
        "unknown_events": unknown_events,
    }  # fmt: skip
    if unknown_events not in {ALLOW, QUARANTINE}:
        raise Invalid("bad_unknown_events", _("Choose what becomes of unknown events."), field="unknown_events")
    if events_per_second is not None and not 1 <= events_per_second <= MAX_RATE:
        raise Invalid(
            "bad_rate",
            _("The limit is between 1 and %(limit)s events a second."),
            limit=MAX_RATE,
            field="events_per_second",
        )
    return _write(source_id, values, "source.changed", actor_id, now)


def set_source_enabled(*, source_id: int, is_enabled: bool, now: datetime, actor_id: int | None = None) -> SourceDetail:
    """Let a source write, or stop it. Writes Source and an audit entry. Idempotent. Raises NotFound."""
    return _write(
        source_id, {"is_enabled": is_enabled}, "source.opened" if is_enabled else "source.stopped", actor_id, now
    )


def rotate_write_key(*, source_id: int, actor_id: int | None, now: datetime) -> SourceDetail:
    """Give the source a new key; the old one is refused from then on. Not idempotent. Raises NotFound."""
    return _write(source_id, {"write_key": secrets.token_urlsafe(24)}, "source.key_rotated", actor_id, now)


def clean_origins(told: Sequence[str]) -> list[str]:
    """Each once, in lower case, without a final slash. Raises Invalid for what is not an origin.

    >>> clean_origins(["https://Shop.example/", "https://m.example:8443"])
    ['https://shop.example', 'https://m.example:8443']
    """
    origins = list(dict.fromkeys(one.strip().lower().rstrip("/") for one in told if one.strip()))
    for origin in origins:
        if len(origin) > 200 or not _ORIGIN.fullmatch(origin):
            raise Invalid(
                "bad_origin", _("'%(origin)s' is not an origin. Write it like https://shop.example."), origin=origin[:80],
                field="allowed_origins",
            )  # fmt: skip
    if len(origins) > MAX_ORIGINS:
        raise Invalid("too_many_origins", _("At most %(limit)s origins."), limit=MAX_ORIGINS, field="allowed_origins")
    return origins


def _write(source_id: int, values: dict[str, Any], action: str, actor_id: int | None, now: datetime) -> SourceDetail:
    with transaction.atomic(), transaction.atomic(using=log_alias()):
        row = Source.objects.select_for_update().filter(pk=source_id, kind="api").first()
        if row is None:
            raise NotFound("source_not_found", _("There is no such source."))
        if any(getattr(row, field) != value for field, value in values.items()):
            for field, value in values.items():
                setattr(row, field, value)
            row.save(update_fields=list(values))
            details = values if action == "source.changed" else {}
            audit.record_audit(actor_id=actor_id, action=action, subject=f"source:{row.name}", details=details, now=now)
    return source_detail(row)
