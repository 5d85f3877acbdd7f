"""Owns: bringing into the books what was paid without having been sent, by two people. Does not own: finding it (`answers`, `statements`)."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from liebian.access.services import record_audit
from liebian.core.errors import Conflict, Invalid, NotFound
from liebian.core.texts import mark as _
from liebian.ledger.types import InsufficientFunds
from liebian.payouts.models import Finding, Payout, Recording
from liebian.payouts.services.by_two import answer
from liebian.payouts.services.findings import explain_finding, record_finding
from liebian.payouts.services.steps import cancel_unsent, move_payout
from liebian.payouts.types import LIVE, NEVER_SENT
from liebian.rewards import queries as rewards_seen
from liebian.rewards import services as rewards


def propose_recording(*, finding_id: int, reference: str, note: str, actor: int, now: datetime) -> int:
    """Say that the money of a payout that we never sent really left; answers the number of the proposal. Moves nothing.

    Writes Recording, audit. Idempotent: the same words by the same person while it waits are the same proposal. Raises NotFound, Invalid
    "recording_words", Conflict "recording_not_unsent", Conflict "recording_waits".
    """
    said = {"reference": reference.strip()[:64], "note": note.strip()[:500]}
    if not all(said.values()):
        raise Invalid("recording_words", _("Say under which number it was paid, and how it came about."))
    with transaction.atomic():
        finding = _lock_finding(finding_id)
        known = finding.recordings.filter(state="proposed").first()
        if known is not None:
            if known.proposed_by == actor and (known.reference, known.note) == tuple(said.values()):
                return int(known.pk)
            raise Conflict(
                "recording_waits", _("Somebody has proposed to record this already. It waits for a second person.")
            )
        row = Recording.objects.create(finding=finding, state="proposed", proposed_by=actor, proposed_at=now, **said)
        _record(row, "proposed", actor, said["note"], now)
    return int(row.pk)


def decide_recording(*, recording_id: int, agree: bool, note: str, actor: int, now: datetime) -> None:
    """A second person agrees, and the payout is paid and its reward issued; or declines. Whoever proposed it can only withdraw it.

    Writes Recording, Finding (explained; another amount is one of its own), Payout, PayoutChange, rewards (and so the ledger), audit.
    Idempotent: the same answer by the same person again changes nothing. Raises NotFound, Conflict "same_person", "recording_decided",
    "recording_not_unsent", "recording_paid_twice", "recording_no_money".
    """
    with transaction.atomic():
        row = Recording.objects.select_for_update().filter(pk=recording_id).first()
        if row is None:
            raise NotFound("recording_not_found", _("There is no proposal #%(number)s."), number=recording_id)
        answered = answer(row, agree=agree, actor=actor, now=now)
        if answered == "again":
            return
        if answered == "late":
            raise Conflict("recording_decided", _("This was decided meanwhile. Nothing was changed; open it again."))
        if agree:
            _book(row, actor, now)
        _record(row, row.state, actor, note, now)


def _book(row: Recording, actor: int, now: datetime) -> None:
    finding = _lock_finding(row.finding_id)
    payout = _lock_payout(finding)
    others = list(Payout.objects.select_for_update().filter(reward_id=payout.reward_id, state__in=LIVE).order_by("id"))
    others = [each for each in others if each.pk != payout.pk]
    if any(each.state not in NEVER_SENT for each in others):
        raise Conflict(
            "recording_paid_twice",
            _("Another payout of this reward is on its way or paid. The money was paid twice: it has to be got back."),
        )
    cancel_unsent(others, "paid_after_all", actor=actor, now=now)
    _issue(payout.reward_id, actor, now)
    note = f"{row.reference}: {row.note}"
    move_payout(
        payout, "paid", now=now, reason="paid_after_all", note=note, actor=actor, paid_at=now, provider_no=row.reference
    )
    if finding.theirs_minor not in (None, payout.net_minor):
        record_finding(
            account_id=payout.account_id, kind="amount_differs", out_no=payout.out_no, payout=payout,
            theirs_minor=finding.theirs_minor, now=now, recording=row.pk,
        )  # fmt: skip
    explain_finding(finding_id=finding.pk, note=note, actor=actor, now=now)


def _issue(reward_id: int, actor: int, now: datetime) -> None:
    """The reward waits for its money, or was given up and is paid after all."""
    if rewards.mark_issued(reward_ids=[reward_id], at=now, now=now, actor=actor):
        return
    try:
        moved = rewards.mark_issued_late(reward_ids=[reward_id], at=now, now=now)
    except InsufficientFunds:
        moved = []
    if not moved:
        state = rewards_seen.get_reward(reward_id).state
        raise Conflict(
            "recording_no_money",
            _(
                "The reward is %(state)s and its budget has no money for it any more. Fund the budget, or get the money back."
            ),
            state=state,
        )


def _lock_finding(finding_id: int) -> Finding:
    row = Finding.objects.select_for_update().filter(pk=finding_id).first()
    if row is None:
        raise NotFound("finding_not_found", _("There is no difference #%(number)s."), number=finding_id)
    if row.kind != "paid_unsent" or not Payout.objects.filter(pk=row.payout_id or 0, state__in=NEVER_SENT).exists():
        raise _not_unsent()
    return row


def _lock_payout(finding: Finding) -> Payout:
    payout = Payout.objects.select_for_update().filter(pk=finding.payout_id or 0, state__in=NEVER_SENT).first()
    if payout is None:
        raise _not_unsent()
    return payout


def _not_unsent() -> Conflict:
    return Conflict(
        "recording_not_unsent", _("Only a payment of a payout that was never sent is recorded in this way.")
    )


def _record(row: Recording, action: str, actor: int, note: str, now: datetime) -> None:
    subject = f"payout-finding:{row.finding_id}"
    record_audit(
        actor_id=actor, action=f"payout_recording.{action}", subject=subject, reason=note[:500],
        details={"recording": row.pk, "reference": row.reference}, now=now,
    )  # fmt: skip
