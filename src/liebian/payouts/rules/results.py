"""What the lines of a bank's results mean for payouts of a batch. Plain Python."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from liebian.payouts.types import NEVER_SENT, WITH_PROVIDER, PayoutView, ResultKind, RowProblem, StatementRow

RECORDED: frozenset[ResultKind] = frozenset({"paid", "failed", "amount", "against", "unsent"})
"""What is told to the payout."""
DIFFERENCES: frozenset[ResultKind] = frozenset({"amount", "against", "unsent", "twice", "unknown"})
"""What a person has to explain."""


def complete_rows(
    rows: Sequence[StatementRow], reference: str
) -> tuple[tuple[StatementRow, ...], tuple[RowProblem, ...]]:
    """Rows that say a result, with the reference of the whole file where they have none of their own; the others with their reason."""
    full = [replace(row, provider_no=row.provider_no or reference) for row in rows]
    why = [_why_incomplete(row) for row in full]
    bad = [RowProblem(row.row, row.out_no, problem) for row, problem in zip(full, why, strict=True) if problem]
    return tuple(row for row, problem in zip(full, why, strict=True) if not problem), tuple(bad)


def judge_rows(
    rows: Sequence[StatementRow], payouts: Mapping[str, PayoutView]
) -> list[tuple[StatementRow, ResultKind]]:
    """Of a number that is named twice, what says paid counts, because the money has left; the other lines are only told."""
    seen: set[str] = set()
    judged: list[tuple[StatementRow, ResultKind]] = []
    for row in sorted(rows, key=lambda each: (not each.paid, each.row)):
        payout = payouts.get(row.out_no)
        judged.append((row, _judge(row, payout, is_second=row.out_no in seen)))
        seen.add(row.out_no)
    return sorted(judged, key=lambda each: each[0].row)


def _why_incomplete(row: StatementRow) -> str:
    if row.paid is None:
        return "results_missing"
    return "payout_reference" if row.paid and not row.provider_no else ""


def _judge(row: StatementRow, payout: PayoutView | None, *, is_second: bool) -> ResultKind:
    if payout is None:
        return "unknown"
    if is_second:
        return "twice"
    if payout.state in NEVER_SENT - {"ready"}:
        return "unsent" if row.paid else "known"
    if row.paid and row.amount_minor not in (None, payout.net_minor):
        return "amount"
    if payout.state in WITH_PROVIDER | {"ready"}:
        return "paid" if row.paid else "failed"
    return "known" if row.paid == (payout.state == "paid") else "against"
