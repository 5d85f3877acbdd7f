"""The proof: every entry sums to zero, every balance is what its postings say, and the proven past is as it was.

It goes on from the last proven entry in segments, so its cost grows with what is new; a full proof reads everything again.
Does not repair anything: what is off is told, by every proof until it is put right.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime

from django.db import connection, transaction
from django.db.models import F, Max, OuterRef, Q, Subquery, Sum
from django.db.models.functions import Coalesce

from liebian.core import cursors
from liebian.core.columns import CHUNK
from liebian.ledger.models import Account, Entry, Posting, Proof, Proven, Segment
from liebian.ledger.queries.proofs import count_unproven, view_proof
from liebian.ledger.services.doubts import Doubts, find_doubts, find_unbalanced
from liebian.ledger.services.segments import add_segment, read_segment
from liebian.ledger.services.sums import compare_hours, compare_sums
from liebian.ledger.types import Finding, ProofView

CURSOR = "ledger proof"
SEGMENT_ENTRIES = 20_000
DUE_POSTINGS = 100_000
MOST_FINDINGS = 10_000
"""That one proof keeps; more say nothing more than that it is thoroughly off."""


def prove(*, now: datetime, is_full: bool = False, tell: Callable[[int], None] | None = None) -> ProofView:
    """Prove what was posted since the last proof, look again at what that one found, and read the segment again that was not
    looked at for longest; or all of them.

    `tell` is told how many entries were read again, segment by segment. Writes Segment, Proven, KeptSum, HourSum, DaySum, Statement
    and one Proof. Repeating it adds a Proof of nothing new. Two at a time wait for one another.
    """
    end, last_account = _find_end()
    doubts = find_doubts()
    touched: set[int] = set(doubts.accounts)
    again = _choose_segments(doubts, is_full=is_full)
    findings = _recheck(again, now=now, is_full=is_full, tell=tell)
    findings += [] if is_full else find_unbalanced(doubts.entries)
    n_new = 0
    while part := _advance(end, last_account, touched, findings, now):
        n_new += part
    with transaction.atomic():
        position = cursors.position_of(CURSOR)
        findings += _compare_all(position) if is_full else _compare(touched, position)
        findings += _compare_assets()
        findings += compare_sums(None if is_full or doubts.has_sums else again)
        last = Segment.objects.order_by("-id").first()
        row = Proof.objects.create(
            at=now,
            is_full=is_full,
            position=position,
            n_new=n_new,
            n_entries=Segment.objects.aggregate(n=Coalesce(Sum("n_entries"), 0))["n"],
            n_accounts=Account.objects.count() if is_full else len(touched),
            digest=last.digest if last else "",
            findings=[[f.kind, f.what, f.asset, f.expected, f.found] for f in findings[:MOST_FINDINGS]],
        )
    return view_proof(row)


def is_proof_due() -> bool:
    """Whether so much was posted since the last proof that the next should not wait for the night: many entries, or long ones."""
    last = Segment.objects.order_by("-id").values_list("last_entry", flat=True).first()
    behind = Posting.objects.filter(entry_id__gt=last or 0)[:DUE_POSTINGS]
    return count_unproven() >= SEGMENT_ENTRIES or behind.count() >= DUE_POSTINGS


def _find_end() -> tuple[int, int]:
    """The last entry and the last account behind which no other can come: whoever holds a smaller number has committed.

    On PostgreSQL numbers are drawn before they are written, by those who have locked their accounts; so we wait until nobody
    has one locked, and give the table back at once.
    """
    with transaction.atomic():
        mark = transaction.savepoint()
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("LOCK TABLE ledger_account IN EXCLUSIVE MODE")
        ends = [each.objects.aggregate(last=Coalesce(Max("id"), 0))["last"] for each in (Entry, Account)]
        transaction.savepoint_rollback(mark)
    return ends[0], ends[1]


def _advance(end: int, last_account: int, touched: set[int], findings: list[Finding], now: datetime) -> int:
    with cursors.reading(CURSOR) as reading:
        content = read_segment(after=reading.start, upto=end, limit=SEGMENT_ENTRIES)
        if content is None:
            return 0
        before = Segment.objects.filter(last_entry=reading.start).values_list("digest", flat=True).first()
        add_segment(content, digest=content.chain(before or ""), last_account=last_account, now=now)
        reading.position = content.last_entry
    touched.update(content.accounts)
    findings += content.unbalanced
    return content.n_entries


def _recheck(rows: list[Segment], *, is_full: bool, now: datetime, tell: Callable[[int], None] | None) -> list[Finding]:
    """Segments that read otherwise than when they were proven, and those whose kept sums are not what they hold."""
    findings = []
    for row in rows:
        content = read_segment(after=row.after_entry, upto=row.last_entry)
        before = Segment.objects.filter(last_entry=row.after_entry).values_list("digest", flat=True).first()
        if content is None or content.chain(before or "") != row.digest:
            span = f"{row.after_entry + 1}-{row.last_entry}"
            n_found = content.n_postings if content else 0
            findings.append(Finding("past_changed", span, "", row.n_postings, n_found))
        else:
            findings += compare_hours(content.sum_hours(), row)
        if is_full and content:
            findings += content.unbalanced
        if tell is not None:
            tell(row.n_entries)
    Segment.objects.filter(pk__in=[row.pk for row in rows]).update(checked_at=now)
    return findings


def _choose_segments(doubts: Doubts, *, is_full: bool) -> list[Segment]:
    if is_full:
        return list(Segment.objects.order_by("id"))
    longest = Segment.objects.order_by("checked_at", "id")[:1]
    rows = {row.pk: row for row in (*longest, *Segment.objects.filter(after_entry__in=doubts.segments))}
    return [rows[key] for key in sorted(rows)]


def _compare(touched: Iterable[int], position: int) -> list[Finding]:
    """Accounts whose balance is not what was proven and what was posted since, each read in one statement."""
    later = Posting.objects.filter(account=OuterRef("pk"), entry_id__gt=position).order_by().values("account")
    proven = Proven.objects.filter(account=OuterRef("pk")).values("balance")
    due = Coalesce(Subquery(proven), 0) + Coalesce(Subquery(later.annotate(n=Sum("amount")).values("n")), 0)
    off = Account.objects.annotate(due=due).filter(~Q(balance=F("due"))).order_by("code")
    ids = sorted(touched)
    parts = [off.filter(pk__in=ids[start : start + CHUNK]) for start in range(0, len(ids), CHUNK)]
    rows = [row for part in parts for row in part.values_list("code", "asset", "due", "balance")]
    return [Finding("balance_off", *row) for row in rows]


def _compare_all(position: int) -> list[Finding]:
    """Every account against all its postings, and what was proven of it against those up to the last proven entry."""
    posted = Posting.objects.filter(account=OuterRef("pk")).order_by().values("account")
    due = Coalesce(Subquery(posted.annotate(n=Sum("amount")).values("n")), 0)
    off = Account.objects.annotate(due=due).filter(~Q(balance=F("due"))).order_by("code")
    found = [Finding("balance_off", *row) for row in off.values_list("code", "asset", "due", "balance")]
    known = posted.filter(entry_id__lte=position).annotate(n=Sum("amount")).values("n")
    wrong = Proven.objects.annotate(due=Coalesce(Subquery(known), 0)).filter(~Q(balance=F("due")))
    rows = wrong.order_by("account__code").values_list("account__code", "account__asset", "due", "balance")
    return found + [Finding("past_changed", *row) for row in rows]


def _compare_assets() -> list[Finding]:
    sums = Account.objects.order_by("asset").values("asset").annotate(total=Sum("balance")).filter(~Q(total=0))
    return [Finding("asset_off", row["asset"], row["asset"], 0, int(row["total"])) for row in sums]
