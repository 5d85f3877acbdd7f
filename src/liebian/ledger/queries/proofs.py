"""Proofs that were made, and what an account held at any instant, by when things happened and by when they were known."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Q, QuerySet, Sum
from django.db.models.functions import Coalesce, TruncDate

from liebian.ledger.models import Entry, FullProof, Posting, Proof, Proven, Segment, Statement
from liebian.ledger.types import Finding, FullProofView, ProofView, SegmentView

_HOUR = timedelta(hours=1)


def find_last_proof() -> ProofView | None:
    row = Proof.objects.order_by("-id").first()
    return view_proof(row) if row else None


def count_unproven() -> int:
    """How many entries came since the last proof, at most: numbers that were drawn and given back count as well."""
    last = Segment.objects.order_by("-id").values_list("last_entry", flat=True).first()
    newest = Entry.objects.order_by("-id").values_list("id", flat=True).first()
    return (newest or 0) - (last or 0)


def list_proofs(*, limit: int = 30) -> list[ProofView]:
    """Newest first."""
    return [view_proof(row) for row in Proof.objects.order_by("-id")[:limit]]


def find_full_proof() -> FullProofView | None:
    """The full proof that somebody asked for last."""
    row = FullProof.objects.select_related("proof").order_by("-id").first()
    if row is None:
        return None
    return FullProofView(
        row.pk, row.state, row.asked_at, row.asked_by, row.n_done, row.n_total, row.finished_at,  # type: ignore[arg-type]
        view_proof(row.proof) if row.proof else None, row.error,
    )  # fmt: skip


def list_segments(*, limit: int = 20) -> list[SegmentView]:
    """Newest first."""
    columns = ("after_entry", "last_entry", "n_entries", "n_postings", "digest", "checked_at")
    return [SegmentView(*row) for row in Segment.objects.order_by("-id").values_list(*columns)[:limit]]


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


def list_daily_flows(
    *, kind: str, since: datetime, until: datetime, zone: str, without: Collection[str] = ()
) -> dict[str, dict[date, int]]:
    """By book and business day, what entries of [since, until) did to its accounts of a kind; `without` leaves kinds of entry out.

    Entries are posted after they took effect, so those that were proven before `since` need not be read.
    """
    before = Segment.objects.filter(inserted_to__lt=since).order_by("-id").values_list("last_entry", flat=True).first()
    rows = Posting.objects.filter(account__kind=kind, entry_id__gt=before or 0)
    rows = rows.filter(entry__effective_at__gte=since, entry__effective_at__lt=until).exclude(entry__kind__in=without)
    days = rows.annotate(day=TruncDate("entry__effective_at", tzinfo=ZoneInfo(zone))).order_by()
    flows: dict[str, dict[date, int]] = defaultdict(dict)
    for book, day, total in days.values_list("account__book", "day").annotate(total=Sum("amount")):
        flows[book][day] = int(total)
    return flows


def _read_statements(account: int, rows: QuerySet[Posting], instant: datetime, known_at: datetime | None) -> int:
    """Whole hours from statements; the begun hour, and segments that straddle `known_at`, from the postings they name."""
    statements = Statement.objects.filter(account=account, hour__lt=instant)
    straddling = Q(pk__in=[])
    if known_at is not None:
        statements = statements.filter(segment__inserted_from__lt=known_at)
        straddling = Q(segment__inserted_to__gte=known_at)
    begun = Q(hour__gt=instant - _HOUR)
    parts = _sum(statements.exclude(begun | straddling))
    for first, last, hour in statements.filter(begun & ~straddling).values_list("first_entry", "last_entry", "hour"):
        of_hour = rows.filter(entry__effective_at__gte=hour, entry__effective_at__lt=hour + _HOUR)
        parts += _sum(of_hour.filter(entry_id__gte=first, entry_id__lte=last))
    spans = statements.filter(straddling).values_list("segment__after_entry", "segment__last_entry").distinct()
    for after, last in spans:
        parts += _sum(rows.filter(entry_id__gt=after, entry_id__lte=last))
    return parts


def _sum(rows: QuerySet[Posting] | QuerySet[Statement]) -> int:
    return int(rows.aggregate(total=Coalesce(Sum("amount"), 0))["total"])
