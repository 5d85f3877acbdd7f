"""What the results that a bank gave back would do to a batch. Does not own the reading of the file (`rules.statements`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from liebian.core.errors import Conflict, Invalid
from liebian.core.texts import mark as _
from liebian.payouts.models import Payout
from liebian.payouts.queries.batches import get_batch, list_payouts
from liebian.payouts.rules import judge_rows
from liebian.payouts.types import BatchView, PayoutView, ResultLine, ResultPlan, StatementRow

MOST_ROWS = 2_000


def plan_results(*, batch_id: int, rows: Sequence[StatementRow]) -> ResultPlan:
    """What each line would do now; nothing is written.

    Raises NotFound, Invalid "results_rows", Conflict "payout_by_provider", Conflict "payout_not_agreed".
    """
    if len(rows) > MOST_ROWS:
        raise Invalid("results_rows", _("A file has at most %(most)s rows. Split it."), most=MOST_ROWS)
    batch = _get_told_by_hand(batch_id)
    payouts = _payouts_of(batch)
    judged = judge_rows(rows, payouts)
    unknown = [row.out_no for row, kind in judged if kind == "unknown"]
    others = set(
        Payout.objects.filter(account_id=batch.account.id, out_no__in=unknown).values_list("out_no", flat=True)
    )
    lines = [
        ResultLine(row, "elsewhere" if row.out_no in others else kind, *_ours(payouts.get(row.out_no)))
        for row, kind in judged
    ]
    named = {row.out_no for row in rows}
    silent = [each for each in payouts.values() if each.state == "sending" and each.out_no not in named]
    return ResultPlan(tuple(lines), len(silent))


def list_all_paid(*, batch_id: int, reference: str, failed: Mapping[str, str]) -> list[StatementRow]:
    """Lines that say of everything of the batch that the bank has that it was paid, except `failed`: numbers with their reasons.

    Raises as `plan_results`, Invalid "results_exception", Invalid "results_none".
    """
    sent = [each for each in _payouts_of(_get_told_by_hand(batch_id)).values() if each.state == "sending"]
    strangers = sorted(set(failed) - {each.out_no for each in sent})
    if strangers:
        raise Invalid(
            "results_exception",
            _("Of this batch the bank has no payout with the number %(number)s."),
            number=strangers[0][:64],
        )
    if not sent:
        raise Invalid("results_none", _("The bank has nothing of this batch. Download the file with the orders first."))
    return [
        StatementRow(line, each.out_no, None, each.out_no not in failed, reference, failed.get(each.out_no, ""))
        for line, each in enumerate(sent, start=1)
    ]


def _get_told_by_hand(batch_id: int) -> BatchView:
    batch = get_batch(batch_id)
    if not batch.account.by_hand:
        raise Conflict("payout_by_provider", _("The provider says what became of this payout, not a person."))
    if batch.state != "approved":
        raise Conflict("payout_not_agreed", _("Nobody may pay it: its batch was not agreed to, or it was stopped."))
    return batch


def _payouts_of(batch: BatchView) -> dict[str, PayoutView]:
    return {each.out_no: each for each in reversed(list_payouts(batch_id=batch.id, limit=batch.n_payouts))}


def _ours(payout: PayoutView | None) -> tuple[int | None, int | None]:
    return (payout.id, payout.net_minor) if payout else (None, None)
