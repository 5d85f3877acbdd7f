"""Frozen values that cross the border of `customers`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from liebian.events.types import EventRecord

# Strongest first: when identifiers of one event point to different people, the first of these decides.
IDENTIFYING_KINDS = ("user_id", "unionid", "openid", "phone", "email")
ANONYMOUS_KIND = "anonymous_id"


@dataclass(frozen=True, slots=True)
class CustomerEvent:
    """An event with the person it belongs to."""

    event: EventRecord
    customer_id: int


@dataclass(frozen=True, slots=True)
class Merge:
    """`loser_id` turned out to be `winner_id`. `position` orders merges."""

    position: int
    loser_id: int
    winner_id: int


@dataclass(frozen=True, slots=True)
class OrderFacts:
    """What the orders of one customer amount to, handed down by `orders`."""

    customer_id: int
    n_orders: int
    revenue_minor: int
    first_order_at: datetime | None
    last_order_at: datetime | None


@dataclass(frozen=True, slots=True)
class TierFact:
    """One customer's place in one tier model, with the numbers that explain it."""

    customer_id: int
    cell: str
    evidence: dict[str, object]


@dataclass(frozen=True, slots=True)
class CustomerView:
    """A customer as other contexts may see them: no personal field."""

    id: int
    is_known: bool
    first_seen_at: datetime
    known_at: datetime | None
    last_seen_at: datetime
    channel: str
    city: str
    gender: str
    referred_by: int | None
    n_orders: int
    revenue_minor: int
    first_order_at: datetime | None
    last_order_at: datetime | None


@dataclass(frozen=True, slots=True)
class Personal:
    """Personal fields in clear. Only for masking, for a logged reveal, and for matching inside the product."""

    name: str
    phone: str
    email: str
    address: str
    openid: str = ""


@dataclass(frozen=True, slots=True)
class Recommended:
    """Somebody who named the customer who recommended us, and when they first ordered."""

    customer_id: int
    referred_by: int
    first_order_at: datetime
