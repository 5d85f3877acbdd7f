"""Where a gift goes: said by staff, sealed, and gone when the customer is erased."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime

from django.db import transaction

from liebian.access.services import record_audit
from liebian.core import crypto
from liebian.core.errors import Conflict, NotFound
from liebian.core.texts import mark as _
from liebian.rewards.models import Parcel, Reward
from liebian.rewards.queries.gifts import ADDRESS, get_parcel
from liebian.rewards.rules import check_address
from liebian.rewards.services.issuing import return_unissued
from liebian.rewards.services.kinds.gifts import unpack
from liebian.rewards.services.life import lock_budgets
from liebian.rewards.types import PACKING, ParcelView, PostalAddress


def set_address(*, parcel_id: int, address: PostalAddress, actor: int, now: datetime) -> ParcelView:
    """Say where a gift goes, as long as it has not left. Writes Parcel, audit. Raises NotFound, Invalid, Conflict "parcel_left"."""
    clean = check_address(address)
    with transaction.atomic():
        row = _lock(parcel_id)
        if row.state not in PACKING:
            raise Conflict("parcel_left", _("This gift has left or was cancelled; its address cannot be changed now."))
        row.address = crypto.seal(asdict(clean), context=ADDRESS)
        row.save(update_fields=["address"])
        record_audit(actor_id=actor, action="parcel.address_set", subject=f"parcel:{parcel_id}", now=now)
    return get_parcel(parcel_id)


def erase_addresses(*, customer_id: int, at: datetime, now: datetime, actor: int | None = None) -> int:
    """Forget every address of a customer who was erased; how many there were.

    What has not left stays: its money returns to the budget, its unit to the stock. What has left is delivered and remembered without
    an address. Writes Parcel, Reward, RewardChange, ledger, audit. Idempotent.
    """
    own = Parcel.objects.filter(customer_id=customer_id)
    with transaction.atomic():
        lock_budgets(own.values_list("reward__budget_id", flat=True))
        staying = list(own.filter(state__in=PACKING).values_list("reward_id", flat=True))
        rows = list(Reward.objects.filter(pk__in=staying, state="issuing").select_related("offer").order_by("id"))
        return_unissued(reward_ids=[row.pk for row in rows], reason="deleted_identity", at=at, now=now, actor=actor)
        unpack(rows, now=now)
        n_known = own.filter(address__isnull=False).update(address=None)
        record_audit(
            actor_id=actor,
            action="parcel.addresses_erased",
            subject=f"customer:{customer_id}",
            details={"addresses": n_known, "cancelled": len(rows)},
            now=now,
        )
    return n_known


def _lock(parcel_id: int) -> Parcel:
    """Under the lock of its budget, as everything that moves it."""
    budget = Parcel.objects.filter(pk=parcel_id).values_list("reward__budget_id", flat=True).first()
    if budget is None:
        raise NotFound("parcel_not_found", _("There is no shipment #%(number)s."), number=parcel_id)
    lock_budgets([budget])
    return Parcel.objects.get(pk=parcel_id)
