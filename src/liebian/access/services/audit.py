"""Writes the audit trail, and nothing else does."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from django.db import transaction

from liebian.access import rules
from liebian.access.models import AuditEntry, AuditHead
from liebian.access.queries import audit_key
from liebian.access.types import Actor, AuditRecord
from liebian.core.errors import Invalid, NotAllowed
from liebian.core.texts import mark as _

MAX_REASON = 500


def record_audit(
    *,
    actor_id: int | None,
    action: str,
    subject: str,
    now: datetime,
    reason: str = "",
    details: dict[str, Any] | None = None,
) -> AuditRecord:
    """Append one entry to the trail. `actor_id` None is the installation itself. Never put personal data in `details`.

    Writes one entry and moves the head, whose lock is held until the caller's transaction ends: call it last.
    Not idempotent: two calls are two acts. Raises TypeError for details that have no exact JSON form (floats).
    """
    _require_exact(details or {})
    with transaction.atomic():
        AuditHead.objects.get_or_create(pk=1, defaults={"last_hash": rules.FIRST_HASH})
        head = AuditHead.objects.select_for_update().get(pk=1)
        draft = AuditRecord(
            id=head.last_id + 1,
            at=now,
            actor_id=actor_id,
            action=action,
            subject=subject,
            reason=_clean_reason(reason),
            details=details or {},
            previous_hash=head.last_hash,
            hash="",
        )
        record = replace(draft, hash=rules.chain_hash(draft, audit_key()))
        AuditEntry.objects.create(**{name: getattr(record, name) for name in AuditRecord.__slots__})
        AuditHead.objects.filter(pk=1).update(last_id=record.id, last_hash=record.hash)
    return record


def log_reveal(*, actor: Actor, subject: str, field: str, reason: str, now: datetime) -> AuditRecord:
    """Record that somebody is about to see a personal field in clear. Call it before unsealing.

    Writes one audit entry "personal_data.revealed". Raises Invalid "reason_missing", NotAllowed "not_allowed".
    """
    if not actor.may("customers:reveal"):
        raise NotAllowed(
            "not_allowed",
            _("Your role does not include seeing personal fields in clear. Ask an administrator."),
            permission="customers:reveal",
        )
    if not _clean_reason(reason):
        raise Invalid(
            "reason_missing",
            _("Say in a few words why you need it. The reason is kept with your name."),
            field="reason",
        )
    return record_audit(
        actor_id=actor.id,
        action="personal_data.revealed",
        subject=subject,
        reason=reason,
        details={"field": field},
        now=now,
    )


def _clean_reason(reason: str) -> str:
    text = reason.replace("\x00", "").strip()
    if len(text) > MAX_REASON:
        raise Invalid(
            "reason_too_long",
            _("The reason is longer than %(limit)s characters. Shorten it."),
            limit=MAX_REASON,
            field="reason",
        )
    return text


def _require_exact(value: Any) -> None:
    """The hash is made again from what the database returns, so only values that come back unchanged may go in."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if not isinstance(key, str):
                raise TypeError(f"Audit details need text keys, not {key!r}.")
            _require_exact(inner)
    elif isinstance(value, list):
        for inner in value:
            _require_exact(inner)
    elif not (value is None or isinstance(value, str | int)):
        raise TypeError(f"Audit details hold text, whole numbers, booleans, lists and objects, not {value!r}.")
