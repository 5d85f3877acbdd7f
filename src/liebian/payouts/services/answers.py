"""What providers answer, in whatever order and however often: the payout and its reward follow, contradictions become findings."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from liebian.core.errors import NotFound
from liebian.core.texts import mark as _
from liebian.ledger.types import InsufficientFunds
from liebian.payouts.models import Account, Payout, PayoutChange
from liebian.payouts.rules import next_ask
from liebian.payouts.services.findings import record_finding
from liebian.payouts.services.providers import open_provider
from liebian.payouts.services.steps import move_payout
from liebian.payouts.types import NEVER_SENT, WITH_PROVIDER, Answer, FindingKind
from liebian.rewards import services as rewards

LATER = frozenset(
    {"NOT_ENOUGH", "FREQUENCY_LIMITED", "FREQUENCY_LIMIT_EXCEED", "RATELIMIT_EXCEEDED", "SYSTEM_ERROR", "SIGN_ERROR", "NO_AUTH",
     "ACCOUNTERROR", "REQUEST_BLOCKED"}
)  # fmt: skip
"""Refusals that are about us, not about this payout: the same number is sent again after a while."""
WAIT_LATER = timedelta(minutes=10)


def apply_answer(*, payout_id: int, answer: Answer, now: datetime, actor: int | None = None, note: str = "") -> Payout:
    """Bring a payout into line with what its provider says. Writes Payout, PayoutChange, Finding, rewards (and so the ledger).

    Idempotent: the same answer again changes nothing. paid: the reward is issued. failed: it can be sent again under another number.
    returned: the money is back in the budget. A yes after a no, and a no after a yes, are findings; a yes always wins, because the money
    has left. A yes about a payout that was never sent moves nothing: it is a finding, and two people may record it. Raises NotFound.
    """
    with transaction.atomic():
        row = Payout.objects.select_for_update().filter(pk=payout_id).first()
        if row is None:
            raise NotFound("payout_not_found", _("There is no payout #%(number)s."), number=payout_id)
        if row.state in NEVER_SENT:
            if answer.state == "paid":
                _find(row, "paid_unsent", answer, now)
            return row
        if answer.state == "paid" and answer.amount_minor not in (None, row.net_minor):
            _find(row, "amount_differs", answer, now)
        if row.state in WITH_PROVIDER:
            _OPEN[answer.state](_Step(row, answer, now, actor, note))
        elif answer.state == "paid" and row.state != "paid":
            _late_yes(row, answer, now)
        elif answer.state in ("failed", "returned") and row.state == "paid":
            _find(row, "no_after_yes", answer, now)
    return row


def apply_notice(*, account_id: int, headers: Mapping[str, str], body: bytes, now: datetime) -> bool:
    """A message that a provider sent on its own; False when it is not the provider's. Writes as `apply_answer`. Idempotent."""
    account = Account.objects.filter(pk=account_id, is_enabled=True).first()
    provider = open_provider(account) if account else None
    if account is None or provider is None:
        return False
    told = provider.read_notice(headers, body, now_seconds=now.timestamp())
    if told is None:
        return False
    out_no, answer = told
    payout = find_by_numbers(account, [out_no]).get(out_no)
    if payout is None:
        record_finding(
            account_id=account.pk, kind="unknown_in_statement", out_no=out_no, payout=None,
            theirs_minor=answer.amount_minor, now=now, source="notice",
        )  # fmt: skip
        return True
    apply_answer(payout_id=payout.pk, answer=answer, now=now)
    return True


def find_by_numbers(account: Account, numbers: Collection[str]) -> dict[str, Payout]:
    """Of each number the payout that a provider can mean: the newest that was sent, before those that were not."""
    rows = Payout.objects.filter(account=account, out_no__in=numbers)
    return {row.out_no: row for row in sorted(rows, key=lambda row: (row.sent_at is not None, row.pk))}


class _Step:
    __slots__ = ("actor", "answer", "note", "now", "row")

    def __init__(self, row: Payout, answer: Answer, now: datetime, actor: int | None, note: str) -> None:
        self.row, self.answer, self.now, self.actor, self.note = row, answer, now, actor, note

    def move(self, to: str, *, reason: str = "", **fields: object) -> None:
        known = {"provider_no": self.answer.provider_no or self.row.provider_no}
        said = self.note or " ".join(filter(None, [self.answer.code, self.answer.message]))
        move_payout(self.row, to, now=self.now, reason=reason, note=said, actor=self.actor, **known, **fields)


def _accepted(step: _Step) -> None:
    _wait(step, "accepted")


def _awaiting(step: _Step) -> None:
    rewards.mark_awaiting(
        reward_ids=[step.row.reward_id], at=step.now, now=step.now, reason="awaiting_recipient", again=True
    )
    _wait(step, "awaiting")


def _unanswered(step: _Step) -> None:
    """Nobody knows, or it was never taken as far as is known: it is asked about again, under the same number."""
    _wait(step, step.row.state)


def _refused(step: _Step) -> None:
    """The caller has asked for the number and it was not found, so nothing was taken."""
    if step.answer.code in LATER:
        step.move("sending", reason="provider_busy", not_before=step.now + WAIT_LATER)
        return
    _fail(step)


def _failed(step: _Step) -> None:
    _fail(step, is_burnt=True)


def _fail(step: _Step, **fields: object) -> None:
    step.move("failed", reason="payment_failed", **fields)
    rewards.call_back(reward_ids=[step.row.reward_id], reason="payment_failed", at=step.now, now=step.now)


def _returned(step: _Step) -> None:
    """The provider gives a reason where its time was over; without one it stopped because somebody had asked it to."""
    asked = PayoutChange.objects.filter(payout=step.row, reason="called_back")
    called_back = not step.answer.code and asked.exists()
    reason = "called_back" if called_back else "recipient_did_not_confirm"
    step.move("returned", reason=reason, is_burnt=True)
    rewards.return_unissued(reward_ids=[step.row.reward_id], reason=reason, at=step.now, now=step.now)


def _paid(step: _Step) -> None:
    step.move("paid", paid_at=_paid_at(step.row, step.answer, step.now))
    rewards.mark_issued(reward_ids=[step.row.reward_id], at=step.now, now=step.now, actor=step.actor)


def _wait(step: _Step, state: str) -> None:
    row = step.row
    said: dict[str, Any] = {"package": step.answer.package} if step.answer.package else {}
    due = step.now + next_ask(row.n_asked)
    known: dict[str, Any] = {"provider_no": step.answer.provider_no or row.provider_no}
    code = step.answer.code if step.answer.state in ("unknown", "not_found") else ""
    is_news = state != row.state
    move_payout(
        row, state, now=step.now, reason="" if is_news else row.reason, note=code if is_news else "", n_asked=row.n_asked + 1,
        not_before=due, **known, **said,
    )  # fmt: skip


def _late_yes(row: Payout, answer: Answer, now: datetime) -> None:
    """Said no, then paid. The books follow where they can: a reward that waits or was given up is issued; one that was paid twice is found."""
    _find(row, "yes_after_no", answer, now)
    other = Payout.objects.select_for_update().filter(reward_id=row.reward_id).exclude(pk=row.pk)
    unsent = [each for each in other.order_by("id") if each.state in ("proposed", "ready")]
    for each in unsent:
        move_payout(each, "cancelled", now=now, reason="paid_after_all")
    if any(each.state in WITH_PROVIDER | {"paid"} for each in other.order_by("id")):
        return
    rewards.mark_issued(reward_ids=[row.reward_id], at=now, now=now)
    try:
        with transaction.atomic():
            rewards.mark_issued_late(reward_ids=[row.reward_id], at=now, now=now)
    except InsufficientFunds:
        return
    number = answer.provider_no or row.provider_no
    paid_at = _paid_at(row, answer, now)
    move_payout(row, "paid", now=now, reason="paid_after_all", paid_at=paid_at, provider_no=number)


def _paid_at(row: Payout, answer: Answer, now: datetime) -> datetime:
    """When the provider says that it was paid, between sending and now: the month of its tax goes by it."""
    said = min(answer.at or now, now)
    return max(said, row.sent_at) if row.sent_at else said


def _find(row: Payout, kind: FindingKind, answer: Answer, now: datetime) -> bool:
    return record_finding(
        account_id=row.account_id, kind=kind, out_no=row.out_no, payout=row, theirs_minor=answer.amount_minor, now=now,
        state=row.state, code=answer.code,
    )  # fmt: skip


_OPEN: dict[str, Callable[[_Step], None]] = {
    "accepted": _accepted,
    "awaiting": _awaiting,
    "paid": _paid,
    "failed": _failed,
    "returned": _returned,
    "refused": _refused,
    "not_found": _unanswered,
    "unknown": _unanswered,
}
