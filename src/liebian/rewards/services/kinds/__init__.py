"""Every kind of reward, by the name that its offers carry."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby

from liebian.rewards.models import Reward
from liebian.rewards.services.kinds.base import Kind
from liebian.rewards.services.kinds.cash import Cash
from liebian.rewards.services.kinds.codes import Codes
from liebian.rewards.services.kinds.coupons import Coupons
from liebian.rewards.services.kinds.gifts import Gifts
from liebian.rewards.services.kinds.points import Points
from liebian.rewards.services.kinds.privileges import Privileges

KINDS: dict[str, Kind] = {
    "coupon": Coupons(),
    "points": Points(),
    "gift": Gifts(),
    "code": Codes(),
    "privilege": Privileges(),
    "cash": Cash(),
    "red_packet": Cash(),
}


def kind_of(row: Reward) -> Kind:
    return KINDS[row.offer.kind]


def by_kind(rows: Iterable[Reward]) -> list[tuple[Kind, list[Reward]]]:
    """Rewards parted by their kind; each part keeps the order."""
    ordered = sorted(rows, key=lambda row: row.offer.kind)
    return [(KINDS[name], list(part)) for name, part in groupby(ordered, key=lambda row: row.offer.kind)]


__all__ = ["KINDS", "Kind", "by_kind", "kind_of"]
