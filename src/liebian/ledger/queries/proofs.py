"""Proofs that were made, and what an account held at any instant, by when things happened and by when they were known."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Q, QuerySet, Sum
from django.db.models.functions import Coalesce

from liebian.ledger.models import Posting, Proof, Proven, Segment, Statement
from liebian.ledger.types import Finding, ProofView

_HOUR = timedelta(hours=1)


def find_last_proof() -> ProofView | None:
    row = Proof.objects.order_by("-id").first()
    return view_proof(row) if row else None


def list_proofs(*, limit: int = 30) -> list[ProofView]:
    """Newest first."""
    return [view_proof(row) for row in Proof.objects.order_by("-id")[:limit]]


def view_proof(row: Proof) -> ProofView:
    return ProofView(
        row.at, row.is_full, row.position, row.n_new, row.n_entries, row.n_accounts, row.digest,
        tuple(Finding(*each) for each in row.findings),
    )  # fmt: skip


def balance_as_of(code: str, instant: datetime, *, known_at: datetime | None = None) -> int:
    """What the account held just before `instant`, by the entries' effective times.

    With `known_at`, only by entries that were inserted before it: what a report of that moment said. A busy account is read from
    its statements, hour by hour; only what they do not decide is read from its postings.
    """
    rows = Posting.objects.filter(account__code=code, entry__effective_at__lt=instant)
    if known_at is not None:
        rows = rows.filter(entry__inserted_at__lt=known_at)
    busy = Proven.objects.filter(account__code=code, busy_after__isnull=False).first()
    last = Segment.objects.order_by("-id").first() if busy else None
    if busy is None or last is None or busy.busy_after is None:
        return _sum(rows)
    direct = _sum(rows.filter(entry_id__lte=busy.busy_after)) + _sum(rows.filter(entry_id__gt=last.last_entry))
    return direct + _read_statements(busy.account_id, rows, instant, known_at)


def _read_statements(account: int, rows: QuerySet[Posting], instant: datetime, known_at: datetime | None) -> int:
    """Whole hours from statements, the begun hour and segments that straddle `known_at` from the postings they name."""
    statements = Statement.objects.filter(account=account, hour__lt=instant)
    doubtful = Q(hour__gt=instant - _HOUR)
    if known_at is not None:
        statements = statements.filter(segment__inserted_from__lt=known_at)
        doubtful |= Q(segment__inserted_to__gte=known_at)
    whole = _sum(statements.exclude(doubtful))
    spans = statements.filter(doubtful).order_by("segment", "hour")
    parts = 0
    for first, last, hour in spans.values_list("first_entry", "last_entry", "hour"):
        of_hour = rows.filter(entry__effective_at__gte=hour, entry__effective_at__lt=hour + _HOUR)
        parts += _sum(of_hour.filter(entry_id__gte=first, entry_id__lte=last))
    return whole + parts


def _sum(rows: QuerySet[Posting] | QuerySet[Statement]) -> int:
    return int(rows.aggregate(total=Coalesce(Sum("amount"), 0))["total"])
