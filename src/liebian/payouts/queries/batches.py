"""Batches and the payouts in them."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import Count

from liebian.core.errors import NotFound
from liebian.core.texts import mark as _
from liebian.payouts.models import Batch, Payout, PayoutChange
from liebian.payouts.queries.accounts import view_account
from liebian.payouts.types import BatchView, PayoutChangeView, PayoutView


def list_batches(*, limit: int = 50) -> list[BatchView]:
    return [view_batch(row) for row in Batch.objects.select_related("account").order_by("-id")[:limit]]


def count_batches_waiting() -> int:
    return Batch.objects.filter(state="proposed").count()


def get_batch(batch_id: int) -> BatchView:
    """Raises NotFound "batch_not_found"."""
    row = Batch.objects.select_related("account").filter(pk=batch_id).first()
    if row is None:
        raise NotFound("batch_not_found", _("There is no payout batch #%(number)s."), number=batch_id)
    return view_batch(row)


def view_batch(row: Batch) -> BatchView:
    counted = row.payouts.values_list("state").annotate(n=Count("id")).order_by("state")
    return BatchView(
        id=row.pk, account=view_account(row.account), state=row.state, n_payouts=row.n_payouts, net_minor=row.net_minor,  # type: ignore[arg-type]
        gross_minor=row.gross_minor, tax_minor=row.tax_minor, proposed_by=row.proposed_by, proposed_at=row.proposed_at,
        decided_by=row.decided_by, decided_at=row.decided_at, note=row.note, n_by_state=dict(counted),
    )  # fmt: skip


def list_payouts(
    *,
    batch_id: int | None = None,
    customer_ids: Sequence[int] | None = None,
    reward_id: int | None = None,
    state: str = "",
    before: int | None = None,
    limit: int = 100,
) -> list[PayoutView]:
    """Newest first."""
    rows = Payout.objects.order_by("-id")
    exact = {"batch_id": batch_id, "reward_id": reward_id, "state": state}
    rows = rows.filter(**{name: value for name, value in exact.items() if value not in (None, "")})
    if customer_ids is not None:
        rows = rows.filter(customer_id__in=customer_ids)
    if before is not None:
        rows = rows.filter(pk__lt=before)
    return [_view(row) for row in rows[:limit]]


def get_payout(payout_id: int) -> PayoutView:
    """Raises NotFound "payout_not_found"."""
    row = Payout.objects.filter(pk=payout_id).first()
    if row is None:
        raise NotFound("payout_not_found", _("There is no payout #%(number)s."), number=payout_id)
    return _view(row)


def list_payout_changes(payout_id: int) -> list[PayoutChangeView]:
    rows = PayoutChange.objects.filter(payout_id=payout_id).order_by("id")
    return [
        PayoutChangeView(row.from_state, row.to_state, row.reason, row.note, row.actor, row.at)  # type: ignore[arg-type]
        for row in rows
    ]


def _view(row: Payout) -> PayoutView:
    names = [name for name in PayoutView.__dataclass_fields__ if name != "id"]
    return PayoutView(id=row.pk, **{name: getattr(row, name) for name in names})
