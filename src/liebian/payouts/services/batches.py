"""Batches: one person puts payouts together, another one lets them go."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import IntegrityError, transaction

from liebian.access.services import record_audit
from liebian.core.errors import Conflict, Invalid, NotFound
from liebian.core.ids import code_from
from liebian.core.texts import mark as _
from liebian.payouts.models import Account, Batch, Payee, Payout, PayoutChange
from liebian.payouts.queries import list_waiting, view_batch
from liebian.payouts.services.by_two import answer
from liebian.payouts.services.steps import cancel_unsent, move_payout
from liebian.payouts.types import BatchView, Waiting

MOST_PAYOUTS = 1_000


def propose_batch(
    *, account_id: int, reward_ids: Sequence[int], key: str, note: str, actor: int, now: datetime
) -> BatchView:
    """Put rewards that wait for their money into one batch. Whatever cannot be paid through this account is left out.

    Writes Batch, Payout, PayoutChange, audit. Idempotent by `key`. Raises NotFound, Invalid "batch_empty", Invalid "batch_size",
    Conflict "idempotency_mismatch", Conflict "payout_exists".
    """
    ids = sorted(set(reward_ids))
    if len(ids) > MOST_PAYOUTS:
        raise Invalid("batch_size", _("A batch holds at most %(number)s payouts."), number=MOST_PAYOUTS)
    with transaction.atomic():
        account = Account.objects.select_for_update().filter(pk=account_id).first()
        if account is None:
            raise NotFound("account_not_found", _("There is no payout account #%(number)s."), number=account_id)
        known = Batch.objects.filter(idempotency_key=key).first()
        if known is not None:
            return _same(known, account_id, ids)
        found = [each for each in list_waiting(account_id=account_id, reward_ids=ids, now=now) if not each.problem]
        if not found:
            raise Invalid("batch_empty", _("None of these rewards can be paid through this account."))
        batch = Batch.objects.create(
            account=account, idempotency_key=key, state="proposed", n_payouts=len(found), note=note[:500],
            gross_minor=sum(each.gross_minor for each in found), tax_minor=sum(each.tax_minor for each in found),
            net_minor=sum(each.net_minor for each in found), proposed_by=actor, proposed_at=now,
        )  # fmt: skip
        try:
            _write(batch, found, actor, now)
        except IntegrityError:
            raise Conflict(
                "payout_exists",
                _(
                    "Some of these rewards came into another batch meanwhile. Nothing was proposed; open the page again."
                ),
            ) from None
        _record(batch, "proposed", actor, note, now)
    return view_batch(batch)


def decide_batch(*, batch_id: int, agree: bool, note: str, actor: int, now: datetime) -> BatchView:
    """A second person lets the batch go, or declines; whoever proposed it can only withdraw it.

    Writes Batch, Payout, PayoutChange, audit. Idempotent: the same answer by the same person again changes nothing. Raises NotFound,
    Conflict "same_person", Conflict "batch_decided".
    """
    with transaction.atomic():
        batch = Batch.objects.select_for_update().filter(pk=batch_id).first()
        if batch is None:
            raise NotFound("batch_not_found", _("There is no payout batch #%(number)s."), number=batch_id)
        answered = answer(batch, agree=agree, actor=actor, now=now)
        if answered == "again":
            return view_batch(batch)
        if answered == "late":
            raise Conflict("batch_decided", _("This was decided meanwhile. Nothing was changed; open it again."))
        rows = list(Payout.objects.select_for_update().filter(batch=batch, state="proposed").order_by("id"))
        if agree:
            for row in rows:
                move_payout(row, "ready", now=now, actor=actor)
        else:
            cancel_unsent(rows, batch.state, actor=actor, now=now)
        _record(batch, batch.state, actor, note, now)
    return view_batch(batch)


def _same(batch: Batch, account_id: int, ids: Sequence[int]) -> BatchView:
    held = set(batch.payouts.values_list("reward_id", flat=True))
    if batch.account_id != account_id or not held <= set(ids):
        raise Conflict(
            "idempotency_mismatch",
            _("This was already sent once for other rewards. Nothing was changed; open the page again and start over."),
        )
    return view_batch(batch)


def _write(batch: Batch, found: Sequence[Waiting], actor: int, now: datetime) -> None:
    """A number belongs to the reward until its provider has ended it: sent again under the same number, it is the same transfer."""
    people = [each.customer_id for each in found]
    payees = {
        row.customer_id: row for row in Payee.objects.filter(adapter=batch.account.adapter, customer_id__in=people)
    }
    burnt: dict[int, int] = {}
    earlier = Payout.objects.filter(reward_id__in=[each.reward_id for each in found], is_burnt=True)
    for reward_id in earlier.values_list("reward_id", flat=True):
        burnt[reward_id] = burnt.get(reward_id, 0) + 1
    rows = [
        Payout(
            batch=batch, account_id=batch.account_id, reward_id=each.reward_id, customer_id=each.customer_id,
            currency=each.currency, gross_minor=each.gross_minor, tax_minor=each.tax_minor, net_minor=each.net_minor,
            tax_rule=each.tax_rule, state="proposed", payee=bytes(payees[each.customer_id].details),
            fingerprint=bytes(payees[each.customer_id].fingerprint), payee_hint=payees[each.customer_id].hint,
            out_no=code_from("payout", str(each.reward_id), str(burnt.get(each.reward_id, 0)), length=24), changed_at=now,
        )
        for each in found
    ]  # fmt: skip
    Payout.objects.bulk_create(rows)
    PayoutChange.objects.bulk_create(PayoutChange(payout=row, to_state="proposed", actor=actor, at=now) for row in rows)


def _record(batch: Batch, action: str, actor: int, note: str, now: datetime) -> None:
    record_audit(
        actor_id=actor,
        action=f"payout_batch.{action}",
        subject=f"payout-batch:{batch.pk}",
        reason=note[:500],
        details={"payouts": batch.n_payouts, "net_minor": batch.net_minor, "currency": batch.account.currency},
        now=now,
    )
