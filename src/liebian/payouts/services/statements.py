"""A provider's statement against our payouts. What it says of payouts that were sent is believed like any other answer; what does not fit,
and every payment of a payout that was never sent, is a finding."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime

from django.conf import settings
from django.db import transaction

from liebian.core.days import day_end, day_start
from liebian.core.errors import NotFound
from liebian.core.texts import mark as _
from liebian.payouts.models import Account, Finding, Payout, Statement
from liebian.payouts.rules import read_rows
from liebian.payouts.services.answers import apply_answer, find_by_numbers
from liebian.payouts.services.findings import record_finding
from liebian.payouts.types import NEVER_SENT, Answer, FindingKind, StatementOutcome, StatementRow


def compare_statement(
    *,
    account_id: int,
    name: str,
    header: Sequence[str],
    rows: Iterable[Sequence[str]],
    first_day: date | None,
    last_day: date | None,
    actor: int,
    now: datetime,
) -> StatementOutcome:
    """Compare every row, settle what was open, and find what differs. With days given, payouts that we hold for paid on them and that the
    statement does not name are found, too.

    Writes Statement, Finding, and as `apply_answer`. Idempotent: the same statement again finds nothing new. Raises NotFound, Invalid.
    """
    account = Account.objects.filter(pk=account_id).first()
    if account is None:
        raise NotFound("account_not_found", _("There is no payout account #%(number)s."), number=account_id)
    good, bad = read_rows(header, rows, account.currency)
    with transaction.atomic():
        n_agreeing, n_settled = _compare(account, good, now)
        named = {row.out_no for row in good}
        if first_day and last_day:
            named |= _find_missing(account, named, first_day, last_day, now)
        n_findings = Finding.objects.filter(account=account, out_no__in=named, explained_by=None).count()
        outcome = StatementOutcome(len(good) + len(bad), n_agreeing, n_settled, n_findings, tuple(bad))
        Statement.objects.get_or_create(
            account=account,
            fingerprint=hashlib.sha256(repr([header, good]).encode()).hexdigest(),
            defaults={
                "name": name[:120], "n_rows": outcome.n_rows, "n_agreeing": outcome.n_agreeing, "n_settled": outcome.n_settled,
                "n_findings": outcome.n_findings, "read_by": actor, "read_at": now,
            },
        )  # fmt: skip
    return outcome


def _compare(account: Account, rows: Sequence[StatementRow], now: datetime) -> tuple[int, int]:
    """How many rows agree, and how many were settled."""
    payouts = find_by_numbers(account, [row.out_no for row in rows])
    seen = Counter(row.out_no for row in rows if row.paid)
    n_agreeing = n_settled = 0
    for row in rows:
        known = payouts.get(row.out_no)
        if known is None:
            _find(account, "unknown_in_statement", row, None, now)
            continue
        if seen[row.out_no] > 1 and row.paid:
            _find(account, "twice_in_statement", row, known, now)
        before = known.state
        if known.state in NEVER_SENT and row.paid is not False:
            _find(account, "paid_unsent", row, known, now)
        elif row.paid is not None:
            answer = Answer("paid" if row.paid else "failed", row.provider_no, row.amount_minor, message=row.reason)
            known = payouts[row.out_no] = apply_answer(payout_id=known.pk, answer=answer, now=now)
        elif row.amount_minor not in (None, known.net_minor):
            _find(account, "amount_differs", row, known, now)
        n_settled += known.state != before
        found = known.findings.filter(explained_by=None).exists()
        n_agreeing += known.state == before and not found
    return n_agreeing, n_settled


def _find_missing(account: Account, named: Collection[str], first: date, last: date, now: datetime) -> set[str]:
    start, end = day_start(first, settings.TIME_ZONE), day_end(last, settings.TIME_ZONE)
    paid = Payout.objects.filter(account=account, state="paid", paid_at__gte=start, paid_at__lt=end)
    missing = [row for row in paid.order_by("id") if row.out_no not in named]
    for row in missing:
        record_finding(
            account_id=account.pk,
            kind="missing_in_statement",
            out_no=row.out_no,
            payout=row,
            theirs_minor=None,
            now=now,
        )
    return {row.out_no for row in missing}


def _find(account: Account, kind: FindingKind, row: StatementRow, payout: Payout | None, now: datetime) -> None:
    record_finding(
        account_id=account.pk, kind=kind, out_no=row.out_no, payout=payout, theirs_minor=row.amount_minor, now=now, row=row.row,
    )  # fmt: skip
