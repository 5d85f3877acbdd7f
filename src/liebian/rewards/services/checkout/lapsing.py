"""Carts that were not paid in time: what they held is free again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import connection, transaction
from django.db.models import QuerySet

from liebian.ledger.services import post_many
from liebian.ledger.types import EntryDraft, move
from liebian.rewards.models import Redemption
from liebian.rewards.rules import coupon_stock, coupons_reserved


def let_carts_lapse(*, now: datetime, limit: int = 500) -> int:
    """End carts whose time has run out, at most `limit`; call until it returns 0. Carts that a checkout holds are left to it.

    Writes Redemption; codes of pools move reserved → stock in the ledger. Idempotent: a cart lapses once.
    """
    skips = connection.features.has_select_for_update_skip_locked
    with transaction.atomic():
        due = _overdue(now).order_by("lapses_at", "pk").select_for_update(of=("self",), skip_locked=skips)
        return _end(list(due.select_related("offer")[:limit]), now)


def let_codes_lapse(codes: Sequence[str], now: datetime) -> None:
    """The same for these codes, within the caller's transaction, so that nobody waits for the job."""
    due = _overdue(now).filter(code__in=codes).order_by("pk")
    _end(list(due.select_for_update(of=("self",)).select_related("offer")), now)


def draft_release(row: Redemption, at: datetime) -> EntryDraft | None:
    """What a cart held of a pool goes back; a customer's own coupon never left."""
    if row.pool_id is None:
        return None
    offer = row.offer
    legs = move(coupons_reserved(offer.pk, offer.name, row.pool_id), coupon_stock(offer.pk, offer.name, row.pool_id), 1)
    return EntryDraft(f"coupon-released:{row.pk}", "coupon_released", legs, at, subject=f"checkout:{row.pool_id}")


def _overdue(now: datetime) -> QuerySet[Redemption]:
    return Redemption.objects.filter(state="reserved", lapses_at__lte=now)


def _end(rows: Sequence[Redemption], now: datetime) -> int:
    Redemption.objects.filter(pk__in=[row.pk for row in rows]).update(state="lapsed", closed_at=now)
    post_many(entries=[draft for row in rows if (draft := draft_release(row, now))], now=now)
    return len(rows)
