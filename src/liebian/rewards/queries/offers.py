"""The terms of rewards."""

from __future__ import annotations

from collections.abc import Iterable

from liebian.rewards.models import Offer
from liebian.rewards.queries.views import view_offer
from liebian.rewards.types import OfferView


def list_offers(*, ids: Iterable[int] | None = None) -> list[OfferView]:
    rows = Offer.objects.order_by("id")
    return [view_offer(row) for row in (rows if ids is None else rows.filter(id__in=list(ids)))]
