"""Gifts: how many are left, and where those that were promised are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.db.models import Count

from liebian.access.types import mask_name, mask_phone
from liebian.core import crypto
from liebian.core.errors import NotFound
from liebian.core.texts import mark as _
from liebian.ledger.queries import list_balances
from liebian.ledger.types import AccountRef
from liebian.rewards.models import Offer, Parcel, Reward
from liebian.rewards.rules import GiftAccounts
from liebian.rewards.types import PACKING, GiftStock, ParcelView, PostalAddress

ADDRESS = "parcel.address"
NO_ADDRESS = "no_address"


def list_gift_stocks(*, offer_ids: Sequence[int] | None = None) -> list[GiftStock]:
    """Every gift, the newest first."""
    rows = Offer.objects.filter(kind="gift").order_by("-id")
    offers = list(rows if offer_ids is None else rows.filter(pk__in=offer_ids))
    accounts = {row.pk: GiftAccounts(row.pk, row.name) for row in offers}
    balances = list_balances(ref.code for each in accounts.values() for ref in _refs(each))
    waiting = _count_waiting(list(accounts))
    return [_view_stock(accounts[row.pk], balances, waiting.get(row.pk, 0)) for row in offers]


def get_gift_stock(offer_id: int) -> GiftStock:
    found = list_gift_stocks(offer_ids=[offer_id])
    if not found:
        raise NotFound("gift_not_found", _("There is no gift with the number %(number)s."), number=offer_id)
    return found[0]


def list_parcels(
    *,
    ids: Sequence[int] | None = None,
    reward_ids: Sequence[int] | None = None,
    state: str = "",
    offer_id: int | None = None,
    before: int | None = None,
    limit: int = 100,
) -> list[ParcelView]:
    """Newest first, at most `limit` (all, when `ids` or `reward_ids` name them). `state` may also be "no_address"."""
    rows = Parcel.objects.select_related("offer").order_by("-id")
    if ids is not None:
        rows = rows.filter(pk__in=ids)
    if reward_ids is not None:
        rows = rows.filter(reward_id__in=reward_ids)
    if state == NO_ADDRESS:
        rows = rows.filter(state__in=PACKING, address__isnull=True)
    elif state:
        rows = rows.filter(state=state)
    if offer_id is not None:
        rows = rows.filter(offer_id=offer_id)
    if before is not None:
        rows = rows.filter(pk__lt=before)
    named = ids is not None or reward_ids is not None
    return [_view(row) for row in (rows if named else rows[:limit])]


def get_parcel(parcel_id: int) -> ParcelView:
    found = list_parcels(ids=[parcel_id])
    if not found:
        raise NotFound("parcel_not_found", _("There is no shipment #%(number)s."), number=parcel_id)
    return found[0]


def list_parcels_of(customer_ids: Sequence[int], *, limit: int = 100) -> list[ParcelView]:
    """Of these customers, newest first."""
    rows = Parcel.objects.filter(customer_id__in=customer_ids).select_related("offer").order_by("-id")
    return [_view(row) for row in rows[:limit]]


def find_parcel_of(reward_id: int) -> ParcelView | None:
    """The last one."""
    return next(iter(list_parcels(reward_ids=[reward_id])), None)


def count_parcels() -> dict[str, int]:
    """How many parcels there are in each state, and how many of those that have not left lack an address."""
    counts = dict(Parcel.objects.values_list("state").annotate(n=Count("id")))
    return {**counts, NO_ADDRESS: Parcel.objects.filter(state__in=PACKING, address__isnull=True).count()}


def open_addresses(parcel_ids: Sequence[int]) -> dict[int, PostalAddress]:
    """Addresses in clear, for a label. Whoever calls it has written down who sees them."""
    rows = Parcel.objects.filter(pk__in=parcel_ids, address__isnull=False).values_list("id", "address")
    return {parcel_id: _open(address) for parcel_id, address in rows if address is not None}


def _refs(gift: GiftAccounts) -> tuple[AccountRef, ...]:
    return gift.left, gift.packing, gift.shipped, gift.given, gift.lost


def _view_stock(gift: GiftAccounts, balances: Mapping[str, int], n_waiting: int) -> GiftStock:
    left, packing, shipped, given, lost = (balances[ref.code] for ref in _refs(gift))
    return GiftStock(gift.offer_id, gift.name, left, packing, shipped, given, lost, n_waiting)


def _count_waiting(offer_ids: Sequence[int]) -> Mapping[int, int]:
    waiting = Reward.objects.filter(is_on_hold=True, reason="stock_empty", offer_id__in=offer_ids)
    return dict(waiting.order_by().values_list("offer_id").annotate(n=Count("id")))


def _open(address: bytes | memoryview) -> PostalAddress:
    return PostalAddress(**crypto.unseal(address, context=ADDRESS))  # type: ignore[arg-type]


def _cover(address: bytes | memoryview | None) -> str:
    """Enough to recognise it: the name and the phone masked, the region, no street."""
    if address is None:
        return ""
    told = _open(address)
    return f"{mask_name(told.recipient)} {mask_phone(told.phone)}, {told.region}"


def _view(row: Parcel) -> ParcelView:
    return ParcelView(
        id=row.pk,
        reward_id=row.reward_id,
        offer_id=row.offer_id,
        gift=row.offer.name,
        customer_id=row.customer_id,
        state=row.state,  # type: ignore[arg-type]
        covered=_cover(row.address),
        carrier=row.carrier,
        tracking=row.tracking,
        created_at=row.created_at,
        packed_at=row.packed_at,
        shipped_at=row.shipped_at,
        closed_at=row.closed_at,
    )
