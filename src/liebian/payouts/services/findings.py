"""What a provider and we do not agree about."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from liebian.access.services import record_audit
from liebian.core.errors import Invalid, NotFound
from liebian.core.texts import mark as _
from liebian.customers.services import leave_out_words
from liebian.payouts.models import Finding, Payout
from liebian.payouts.rules import CHECK, alarm_subject
from liebian.payouts.services.checks import list_differences
from liebian.payouts.types import FindingKind
from liebian.rewards import services as rewards


def record_finding(
    *,
    account_id: int,
    kind: FindingKind,
    out_no: str,
    payout: Payout | None,
    theirs_minor: int | None,
    now: datetime,
    **details: Any,
) -> bool:
    """Write it down once per number and kind, and raise its alarm; whether it is new."""
    _row, is_new = Finding.objects.get_or_create(
        account_id=account_id,
        kind=kind,
        out_no=out_no[:64],
        defaults={
            "payout": payout,
            "ours_minor": payout.net_minor if payout else None,
            "theirs_minor": theirs_minor,
            "details": details,
            "found_at": now,
        },
    )
    if is_new:
        for each in list_differences(kind=kind, out_no=out_no[:64]):
            rewards.raise_alarm(check=CHECK, difference=each, now=now)
    return is_new


def explain_finding(*, finding_id: int, note: str, actor: int, now: datetime) -> None:
    """A person says what is behind it, and its alarm is gone. Writes Finding, the audit trail, rewards (the alarm). Idempotent.
    Raises NotFound, Invalid "finding_note"."""
    if not note.strip():
        raise Invalid("finding_note", _("Say what is behind the difference."))
    with transaction.atomic():
        row = Finding.objects.select_for_update().filter(pk=finding_id).first()
        if row is None:
            raise NotFound("finding_not_found", _("There is no difference #%(number)s."), number=finding_id)
        if row.explained_by == actor and row.note == note.strip()[:500]:
            return
        row.explained_by, row.explained_at, row.note = actor, now, note.strip()[:500]
        row.save(update_fields=["explained_by", "explained_at", "note"])
        if not Finding.objects.filter(kind=row.kind, out_no=row.out_no, explained_by=None).exists():
            rewards.settle_alarm(check=CHECK, subject=alarm_subject(row.out_no), what=row.kind, now=now)
        subject = f"payout-finding:{row.pk}"
        about = [row.payout.customer_id] if row.payout else []
        said = leave_out_words(row.note, customer_ids=about)
        record_audit(actor_id=actor, action="payout_finding.explained", subject=subject, reason=said, now=now)
