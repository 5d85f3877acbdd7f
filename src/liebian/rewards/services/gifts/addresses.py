"""Where a gift goes: said by staff or by its customer, sealed, and gone when the customer is erased."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime

from django.db import transaction

from liebian.access.services import record_audit
from liebian.core import crypto
from liebian.core.errors import Conflict, NotFound
from liebian.core.texts import mark as _
from liebian.customers import queries as customers
from liebian.rewards.models import Parcel, Reward
from liebian.rewards.queries.gifts import ADDRESS, find_parcel_of, get_parcel, open_addresses
from liebian.rewards.rules import check_address
from liebian.rewards.services.issuing import return_unissued
from liebian.rewards.services.kinds.gifts import unpack
from liebian.rewards.services.life import lock_budgets
from liebian.rewards.types import PACKING, ParcelView, PostalAddress


def set_address(*, parcel_id: int, address: PostalAddress, actor: int, now: datetime) -> ParcelView:
    """Say where a gift goes, as long as it has not left. Writes Parcel, audit. Raises NotFound, Invalid, Conflict "parcel_left"."""
    _set(parcel_id, check_address(address), actor=actor, now=now)
    return get_parcel(parcel_id)


def set_own_address(
    *, reward_id: int, customer_id: int, address: PostalAddress, shop: str, now: datetime
) -> ParcelView:
    """A customer says through a shop where their own gift goes, as long as it has not left. The same address again changes nothing.

    Writes Parcel, audit. Raises NotFound "reward_not_found" (also where it is somebody else's), Invalid "address_incomplete",
    "address_phone", "address_long", Conflict "gift_not_due" (nothing is packed yet), "parcel_left".
    """
    clean = check_address(address)
    own = Reward.objects.filter(pk=reward_id, offer__kind="gift", customer_id__in=customers.list_ids_of(customer_id))
    if not own.exists():
        raise NotFound("reward_not_found", _("There is no reward #%(number)s."), number=reward_id)
    parcel = find_parcel_of(reward_id)
    if parcel is None:
        raise Conflict("gift_not_due", _("The gift is not packed yet. Ask for its address when its day has come."))
    _set(parcel.id, clean, actor=None, now=now, shop=shop)
    return get_parcel(parcel.id)


def _set(parcel_id: int, clean: PostalAddress, *, actor: int | None, now: datetime, shop: str = "") -> None:
    with transaction.atomic():
        row = _lock(parcel_id)
        if row.state not in PACKING:
            raise Conflict("parcel_left", _("This gift has left or was cancelled; its address cannot be changed now."))
        if open_addresses([parcel_id]).get(parcel_id) == clean:
            return
        row.address = crypto.seal(asdict(clean), context=ADDRESS)
        row.save(update_fields=["address"])
        details = {"shop": shop} if shop else {}
        subject = f"parcel:{parcel_id}"
        record_audit(actor_id=actor, action="parcel.address_set", subject=subject, details=details, now=now)


def erase_addresses(*, customer_id: int, at: datetime, now: datetime, actor: int | None = None) -> int:
    """Forget every address of a customer who was erased, under every id that was merged into theirs; how many there were.

    What has not left stays: its money returns to the budget, its unit to the stock. What has left is delivered and remembered without
    an address. Writes Parcel, Reward, RewardChange, ledger, audit. Idempotent.
    """
    person = customers.find_final_ids([customer_id]).get(customer_id, customer_id)
    own = Parcel.objects.filter(customer_id__in=customers.list_ids_of(person))
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
            subject=f"customer:{person}",
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
