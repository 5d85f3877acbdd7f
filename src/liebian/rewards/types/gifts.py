"""Gifts on their way: where they go, how far they have come, and what became of acts on many of them. Plain Python."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

ParcelState = Literal["to_pack", "packed", "shipped", "delivered", "lost", "returned", "cancelled"]
ParcelAct = Literal["pack", "ship", "deliver", "lose", "return"]
MOST_PARCELS = 1_000
PARCEL_ENDS = ("parcel_lost", "parcel_returned")
"""Why a reward has no parcel any more although it was sent: it can be sent again."""

PACKING = frozenset({"to_pack", "packed"})
"""States in which the gift has not left: it can be stopped, and its address changed."""


@dataclass(frozen=True, slots=True)
class PostalAddress:
    """`region` is what stands before the street: province, city, district."""

    recipient: str
    phone: str
    region: str
    line: str
    postcode: str = ""


@dataclass(frozen=True, slots=True)
class ShipmentLine:
    """What the warehouse says of one parcel. `row` is where it said it."""

    parcel_id: int
    carrier: str = ""
    tracking: str = ""
    row: int = 0


@dataclass(frozen=True, slots=True)
class ParcelOutcome:
    """`reason` is empty where the act was taken; otherwise nothing of this parcel was changed."""

    parcel_id: int
    reason: str = ""
    row: int = 0


@dataclass(frozen=True, slots=True)
class ShippedTable:
    """What a file of tracking numbers did: shipments sent, and every other row with what it said and why not."""

    n_taken: int
    rejected: tuple[tuple[int, str, str], ...]


@dataclass(frozen=True, slots=True)
class ParcelView:
    """`covered` is the address as staff may read it, empty while there is none."""

    id: int
    reward_id: int
    offer_id: int
    gift: str
    customer_id: int
    state: ParcelState
    covered: str
    carrier: str
    tracking: str
    created_at: datetime
    packed_at: datetime | None
    shipped_at: datetime | None
    closed_at: datetime | None

    @property
    def has_address(self) -> bool:
        return bool(self.covered)

    @property
    def takes_address(self) -> bool:
        return self.state in PACKING

    @property
    def needs_address(self) -> bool:
        return self.state in PACKING and not self.has_address


@dataclass(frozen=True, slots=True)
class GiftStock:
    """Where the units of one gift are. `n_waiting` rewards wait because nothing is left."""

    offer_id: int
    name: str
    n_left: int
    n_packing: int
    n_shipped: int
    n_given: int
    n_lost: int
    n_waiting: int
