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
from liebian.payouts.types import WITH_PROVIDER
from liebian.rewards import queries as rewards_seen
from liebian.rewards import services as rewards
from liebian.rewards.types import MONEY

SEALED = "payouts.payee"
_OPEN = frozenset({"proposed", "ready"}) | WITH_PROVIDER


def set_payee(
    *, customer_id: int, adapter: str, details: Mapping[str, str], actor: int | None, now: datetime, shop: str = ""
) -> str:
    """Say where a person's money goes from the next batch on: staff do, or a shop for its customer. Answers the payee's hint.

    Writes Payee and the audit trail (without the details). Idempotent: the same again changes nothing. Raises Invalid, NotFound
    "customer_not_found".
    """
    person = customers.get_customer(customer_id).id
    clean = check_payee(adapter, details)
    fingerprint, hint = crypto.index_of("payee", payee_key(adapter, clean)), hint_of(clean)
    told = {"adapter": adapter, "shop": shop} if shop else {"adapter": adapter}
    values = {
        "details": crypto.seal(clean, context=SEALED),
        "fingerprint": fingerprint,
        "hint": hint,
        "changed_at": now,
    }
    with transaction.atomic():
        known = Payee.objects.select_for_update().filter(customer_id=person, adapter=adapter).first()
        if known and crypto.unseal(known.details, context=SEALED) == clean:
            return hint
        Payee.objects.update_or_create(customer_id=person, adapter=adapter, defaults=values)
        record_audit(actor_id=actor, action="payee.set", subject=f"customer:{person}", details=told, now=now)
    return hint


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


def follow_erasures(now: datetime) -> int:
    """Whoever was erased is owed nothing any more that has not left: rewards, gifts and payouts end, and where money and parcels
    went is forgotten. Finds what is there, so whatever came to be theirs meanwhile ends with the next call.

    Writes Payee (deleted), Payout, rewards, audit. Idempotent. Returns how much there was.
    """
    ids = list(customers.list_erased())
    if not ids:
        return 0
    actors, done = customers.list_erasers(ids), 0
    for person in rewards_seen.list_expecting(ids):
        done += rewards.end_rewards(customer_ids=[person], actor=actors.get(person), now=now)
    for person in _list_expecting(ids):
        forget_payee(customer_id=person, reason="deleted_identity", actor=actors.get(person), now=now)
        done += 1
    ended = Payout.objects.filter(customer_id__in=ids).exclude(state__in=_OPEN).exclude(payee_hint="")
    done += ended.update(payee_hint="")
    return done


def _list_expecting(ids: list[int]) -> list[int]:
    """Whose money we know where to send, or who has some coming."""
    known = Payee.objects.filter(customer_id__in=ids).values_list("customer_id", flat=True)
    waiting = Payout.objects.filter(customer_id__in=ids, state__in=("proposed", "ready"))
    owed = rewards_seen.list_owners(
        rewards_seen.list_reward_ids(kinds=sorted(MONEY), states=("issuing",), customer_ids=ids)
    )
    return sorted({*known, *waiting.values_list("customer_id", flat=True), *owed})
