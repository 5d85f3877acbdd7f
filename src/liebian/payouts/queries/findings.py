"""Differences between providers and us, and what waits for a second person to be recorded."""

from __future__ import annotations

from liebian.payouts.models import Finding, Payout, Recording, Statement
from liebian.payouts.types import FindingView, RecordingView


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


def list_recordings() -> dict[int, RecordingView]:
    """Proposals to record money that left without us, that nobody has decided: by finding."""
    rows = Recording.objects.filter(state="proposed").select_related("finding__payout").order_by("id")
    return {row.finding_id: _view_recording(row, row.finding.payout) for row in rows if row.finding.payout}


def _view_recording(row: Recording, payout: Payout) -> RecordingView:
    return RecordingView(
        row.pk, row.finding_id, payout.pk, payout.out_no, payout.currency, payout.net_minor, row.reference, row.note,
        row.proposed_by, row.proposed_at,
    )  # fmt: skip


def list_statements(limit: int = 20) -> list[Statement]:
    return list(Statement.objects.select_related("account").order_by("-id")[:limit])
