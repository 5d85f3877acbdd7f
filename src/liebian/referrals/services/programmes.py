"""Drafts, and the status of a programme."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction

from liebian.access import queries as access
from liebian.access import services as audit
from liebian.core.errors import Conflict, NotFound
from liebian.core.texts import mark as _
from liebian.referrals.models import Programme, ProgrammeChange
from liebian.referrals.queries.programmes import get_programme
from liebian.referrals.rules import clean_limits, may_become
from liebian.referrals.types import ProgrammeView

DEFAULT_CURRENCY = "CNY"
UNNAMED = "—"


def save_draft(
    *, programme_id: int | None, values: Mapping[str, Any], actor: int | None, now: datetime
) -> ProgrammeView:
    """Keep what was typed in one step; other steps stay. Without an id a new draft is begun.

    Writes Programme; idempotent by (programme, values). Raises NotFound, Conflict
    "programme_published", Invalid (limits that make no sense).
    """
    with transaction.atomic():
        row = lock_programme(programme_id) if programme_id else _begin(actor, now)
        if row.status != "draft":
            raise Conflict(
                "programme_published",
                _("The programme is published. Its rules no longer change; end it and begin another."),
            )
        row.draft = {**row.draft, **values}
        if row.draft.get("limits"):
            row.draft["limits"] = clean_limits(row.draft["limits"])
        row.name = str(row.draft.get("name") or UNNAMED)[:120]
        row.save(update_fields=["draft", "name"])
    return get_programme(row.pk)


def _begin(actor: int | None, now: datetime) -> Programme:
    currency = access.get_organisation().currency or DEFAULT_CURRENCY
    return Programme.objects.create(
        name=UNNAMED, zone=settings.TIME_ZONE, salt=secrets.token_hex(16), currency=currency, created_at=now,
        created_by=actor, draft={"currency": currency, "holdout_percent": 10},
    )  # fmt: skip


def lock_programme(programme_id: int) -> Programme:
    row = Programme.objects.select_for_update().filter(pk=programme_id).first()
    if row is None:
        raise NotFound(
            "programme_not_found", _("There is no referral programme %(programme_id)s."), programme_id=programme_id
        )
    return row


def pause_programme(*, programme_id: int, actor: int | None, now: datetime) -> ProgrammeView:
    """Take no new friends; friends who are bound still earn. Raises Conflict "programme_transition"."""
    return change_status(programme_id=programme_id, status="paused", actor=actor, now=now)


def resume_programme(*, programme_id: int, actor: int | None, now: datetime) -> ProgrammeView:
    """Take new friends again. Raises Conflict "programme_transition"."""
    return change_status(programme_id=programme_id, status="running", actor=actor, now=now)


def end_programme(*, programme_id: int, actor: int | None, now: datetime) -> ProgrammeView:
    """End for good: orders placed after this moment no longer count, held rewards are still paid."""
    return change_status(programme_id=programme_id, status="ended", actor=actor, now=now)


def change_status(*, programme_id: int, status: str, actor: int | None, now: datetime) -> ProgrammeView:
    """Writes Programme, ProgrammeChange and an audit entry. Idempotent: the same status again changes nothing."""
    with transaction.atomic():
        row = lock_programme(programme_id)
        if row.status != status:
            may_become(row.status, status)
            if row.status == "draft":
                raise Conflict("programme_transition", _("A draft is published, not switched on."))
            Programme.objects.filter(pk=row.pk, status=row.status).update(status=status)
            ProgrammeChange.objects.create(programme=row, status=status, at=now, actor=actor)
            audit.record_audit(actor_id=actor, action=f"referral.{status}", subject=f"programme:{row.pk}", now=now)
    return get_programme(programme_id)
