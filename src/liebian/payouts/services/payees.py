"""Where people's money goes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction

from liebian.access.services import record_audit
from liebian.core import crypto
from liebian.customers import queries as customers
from liebian.payouts.models import Payee, Payout
from liebian.payouts.rules import check_payee, hint_of, payee_key
from liebian.payouts.services.steps import cancel_unsent
from liebian.rewards import queries as rewards_seen
from liebian.rewards import services as rewards
from liebian.rewards.types import MONEY

SEALED = "payouts.payee"


def set_payee(*, customer_id: int, adapter: str, details: Mapping[str, str], actor: int, now: datetime) -> None:
    """Say where a person's money goes from the next batch on. Writes Payee and the audit trail (without the details). Idempotent.
    Raises Invalid, NotFound "customer_not_found"."""
    person = customers.get_customer(customer_id).id
    clean = check_payee(adapter, details)
    values = {
        "details": crypto.seal(clean, context=SEALED),
        "fingerprint": crypto.index_of("payee", payee_key(adapter, clean)),
        "hint": hint_of(clean),
        "changed_at": now,
    }
    with transaction.atomic():
        Payee.objects.update_or_create(customer_id=person, adapter=adapter, defaults=values)
        record_audit(
            actor_id=actor, action="payee.set", subject=f"customer:{person}", details={"adapter": adapter}, now=now
        )


def forget_payee(*, customer_id: int, reason: str, actor: int | None, now: datetime) -> int:
    """Erase where a person's money goes, under every id that was merged into theirs, and give up what was not sent yet: in a batch,
    waiting for one, or failed. What a provider has goes on to its end.

    Writes Payee (deleted), Payout, rewards: what was given up returns to its budget. Answers how many payouts were cancelled. Idempotent.
    Raises NotFound "customer_not_found".
    """
    person = customers.get_customer(customer_id).id
    ids = customers.list_ids_of(person)
    with transaction.atomic():
        Payee.objects.filter(customer_id__in=ids).delete()
        waiting = Payout.objects.select_for_update().filter(customer_id__in=ids, state__in=("proposed", "ready"))
        rows = list(waiting.order_by("id"))
        cancel_unsent(rows, reason, actor=actor, now=now)
        owed = rewards_seen.list_reward_ids(kinds=sorted(MONEY), states=("issuing",), customer_ids=ids)
        rewards.return_unissued(reward_ids=owed, reason=reason, at=now, now=now, actor=actor)
        record_audit(actor_id=actor, action="payee.forgotten", subject=f"customer:{person}", reason=reason, now=now)
    return len(rows)
