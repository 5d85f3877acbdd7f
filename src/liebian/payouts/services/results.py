"""What a bank says became of many payouts, recorded as a person would one by one; what does not fit is found, as in a statement."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from liebian.access.services import record_audit
from liebian.core.errors import Conflict
from liebian.payouts.models import Finding, Payout
from liebian.payouts.queries import get_batch, plan_results
from liebian.payouts.rules import DIFFERENCES, RECORDED
from liebian.payouts.services.answers import apply_answer
from liebian.payouts.services.findings import record_finding
from liebian.payouts.services.hands import record_result
from liebian.payouts.types import Answer, FindingKind, ResultKind, ResultLine, ResultsOutcome, StatementRow

_FINDINGS: dict[ResultKind, FindingKind] = {"twice": "twice_in_statement", "unknown": "unknown_in_statement"}


def record_results(*, batch_id: int, rows: Sequence[StatementRow], actor: int, now: datetime) -> ResultsOutcome:
    """Record every line, each in its own transaction, so that the same again goes on where it was interrupted.

    Writes as `record_result`, Finding, audit. Idempotent. Raises as `plan_results`.
    """
    plan = plan_results(batch_id=batch_id, rows=rows)
    before = get_batch(batch_id)
    for line in plan.lines:
        if line.kind in RECORDED:
            _record(line, actor, now)
        elif line.kind in _FINDINGS:
            _find(before.account.id, line, now)
    after = get_batch(batch_id).n_by_state
    n_paid, n_failed = (after.get(state, 0) - before.n_by_state.get(state, 0) for state in ("paid", "failed"))
    odd = [line.said.out_no for line in plan.lines if line.kind in DIFFERENCES]
    n_open = Finding.objects.filter(account_id=before.account.id, out_no__in=odd, explained_by=None).count()
    record_audit(
        actor_id=actor, action="payout_batch.results", subject=f"payout-batch:{batch_id}", now=now,
        details={"rows": len(rows), "paid": n_paid, "failed": n_failed, "differences": n_open},
    )  # fmt: skip
    return ResultsOutcome(n_paid, max(n_failed, 0), n_open)


def _record(line: ResultLine, actor: int, now: datetime) -> None:
    """What may not be paid, and was all the same, is a finding."""
    said, payout_id = line.said, line.payout_id or 0
    paid = bool(said.paid)
    try:
        record_result(
            payout_id=payout_id, paid=paid, reference=said.provider_no, note=said.reason, actor=actor, now=now,
            amount_minor=said.amount_minor if paid else None,
        )  # fmt: skip
    except Conflict:
        answer = Answer("paid" if paid else "failed", said.provider_no, said.amount_minor)
        apply_answer(payout_id=payout_id, answer=answer, now=now, actor=actor)


def _find(account_id: int, line: ResultLine, now: datetime) -> None:
    said = line.said
    record_finding(
        account_id=account_id, kind=_FINDINGS[line.kind], out_no=said.out_no, payout=_get(line.payout_id),
        theirs_minor=said.amount_minor, now=now, row=said.row,
    )  # fmt: skip


def _get(payout_id: int | None) -> Payout | None:
    return Payout.objects.filter(pk=payout_id).first() if payout_id else None
