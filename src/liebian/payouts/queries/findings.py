"""Differences between providers and us."""

from __future__ import annotations

from liebian.payouts.models import Finding, Statement
from liebian.payouts.types import FindingView


def list_findings(*, open_only: bool = True, payout_id: int | None = None, limit: int = 100) -> list[FindingView]:
    """Newest first."""
    rows = Finding.objects.order_by("-id")
    if open_only:
        rows = rows.filter(explained_by=None)
    if payout_id is not None:
        rows = rows.filter(payout_id=payout_id)
    return [
        FindingView(
            id=row.pk, account_id=row.account_id, payout_id=row.payout_id, kind=row.kind, out_no=row.out_no,  # type: ignore[arg-type]
            ours_minor=row.ours_minor, theirs_minor=row.theirs_minor, details=row.details, found_at=row.found_at,
            explained_by=row.explained_by, note=row.note,
        )
        for row in rows[:limit]
    ]  # fmt: skip


def count_open_findings() -> int:
    return Finding.objects.filter(explained_by=None).count()


def list_statements(limit: int = 20) -> list[Statement]:
    return list(Statement.objects.select_related("account").order_by("-id")[:limit])
