"""The terms of rewards."""

from __future__ import annotations

from collections.abc import Iterable

from liebian.core.errors import NotFound
from liebian.core.texts import mark as _
from liebian.rewards.models import Offer
from liebian.rewards.queries.views import view_offer
from liebian.rewards.types import OfferView


def get_offer(offer_id: int) -> OfferView:
    row = Offer.objects.filter(pk=offer_id).first()
    if row is None:
        raise NotFound("offer_not_found", _("There is no offer #%(number)s."), number=offer_id)
    return view_offer(row)


def list_offers(*, ids: Iterable[int] | None = None) -> list[OfferView]:
    rows = Offer.objects.order_by("id")
    return [view_offer(row) for row in (rows if ids is None else rows.filter(id__in=list(ids)))]
