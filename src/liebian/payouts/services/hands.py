"""Payouts that people bring to a bank or hand over themselves, and what they say became of them."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from liebian.core.errors import Conflict, Invalid, NotFound
from liebian.core.texts import mark as _
from liebian.payouts.models import Payout
from liebian.payouts.services.answers import apply_answer
from liebian.payouts.services.sending import start_sending, transfer_of
from liebian.payouts.types import Answer, Transfer


def hand_over(*, batch_id: int, actor: int, now: datetime) -> list[Transfer]:
    """Everything of an approved batch that somebody has to pay by hand, written down as on its way. Asked again, it answers the same
    transfers as long as nobody said what became of them. Writes Payout, PayoutChange, rewards. Idempotent."""
    rows = Payout.objects.filter(
        batch_id=batch_id, batch__state="approved", account__adapter__in=("bank_file", "manual")
    )
    for payout_id in list(rows.filter(state="ready").order_by("id").values_list("id", flat=True)):
        start_sending(payout_id, now=now, actor=actor)
    return [transfer_of(row) for row in rows.filter(state="sending").select_related("account").order_by("id")]


def record_result(
    *,
    payout_id: int,
    paid: bool,
    reference: str,
    note: str,
    actor: int,
    now: datetime,
    amount_minor: int | None = None,
) -> None:
    """A person says that a payout by hand arrived, with which amount where that is known, or did not. Writes as `apply_answer`. Idempotent.
    Raises NotFound, Conflict "payout_by_provider", "payout_not_agreed" (no second person let it go), "payout_not_sent", Invalid
    "payout_reference"."""
    row = Payout.objects.select_related("account").filter(pk=payout_id).first()
    if row is None:
        raise NotFound("payout_not_found", _("There is no payout #%(number)s."), number=payout_id)
    if row.account.adapter == "wechat":
        raise Conflict("payout_by_provider", _("The provider says what became of this payout, not a person."))
    if paid and not reference.strip():
        raise Invalid("payout_reference", _("Say under which number it was paid."))
    with transaction.atomic():
        if row.state in ("proposed", "cancelled"):
            raise Conflict("payout_not_agreed", _("Nobody may pay it: its batch was not agreed to, or it was stopped."))
        if row.state == "ready" and start_sending(row.pk, now=now, actor=actor) is None:
            raise Conflict(
                "payout_not_sent",
                _("It cannot be paid now: a limit of the account is reached, or it was refunded. Open it again."),
            )
        state = "paid" if paid else "failed"
        answer = Answer(state, provider_no=reference.strip()[:64], amount_minor=amount_minor)  # type: ignore[arg-type]
        apply_answer(payout_id=row.pk, answer=answer, now=now, actor=actor, note=note)
