"""Frozen values that cross the border of `orders`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

COMPLETED, UPDATED = "Order Completed", "Order Updated"
REFUNDED, CANCELLED = "Order Refunded", "Order Cancelled"
ORDER_NAMES = (COMPLETED, UPDATED, REFUNDED, CANCELLED)
PRODUCT_NAMES = (
    "Product Viewed", "Product Clicked", "Product Added", "Product Removed", "Product List Viewed", "Product List Filtered",
    "Cart Viewed", "Cart Shared", "Checkout Started", "Product Added to Wishlist", "Product Removed from Wishlist",
    "Wishlist Product Added to Cart", "Product Shared", "Product Reviewed",
)  # fmt: skip
EVENT_NAMES = (*ORDER_NAMES, *PRODUCT_NAMES)
STAGE = "orders"
DEFAULT_CURRENCY = "CNY"
OPEN, TAKEN, DISMISSED = "open", "taken", "dismissed"
REFUSAL_STATES = (OPEN, TAKEN, DISMISSED)


@dataclass(frozen=True, slots=True)
class Line:
    product_id: str
    name: str
    category: str
    quantity: int
    unit_minor: int


@dataclass(frozen=True, slots=True)
class LineChange:
    """Lines of one kind that an event added to its order, or took from it: then `quantity` is negative."""

    id: int
    order_id: int
    customer_id: int
    at: datetime
    currency: str
    line: Line


@dataclass(frozen=True, slots=True)
class Refusal:
    """An order event that could not be taken, or of which something does not count; `at` and `source` are the event's."""

    event_id: int
    code: str
    state: str  # open, taken, dismissed
    name: str
    source: str
    at: datetime | None


@dataclass(frozen=True, slots=True)
class Collision:
    """An event that placed an order which another source had placed for another customer. `at` is when it arrived."""

    event_id: int
    external_id: str
    at: datetime
    source: str
    customer_id: int
    first_event_id: int
    first_source: str
    first_customer_id: int


@dataclass(frozen=True, slots=True)
class CollidingSources:
    """Two sources with the number of orders that both placed for different customers, and when the first and the last arrived."""

    first_source: str
    source: str
    n_orders: int
    since: datetime
    latest: datetime


@dataclass(frozen=True, slots=True)
class TakenAgain:
    """What came of taking refused events again; `left` are those of the same reason that were not tried yet."""

    taken: int
    refused: int
    left: int


@dataclass(frozen=True, slots=True)
class SeenProduct:
    """What an event says of one product; empty or None where it says nothing."""

    external_id: str
    name: str
    category: str
    price_minor: int | None
    currency: str


@dataclass(frozen=True, slots=True)
class OrderView:
    id: int
    external_id: str
    customer_id: int
    ordered_at: datetime
    currency: str
    total_minor: int
    refunded_minor: int
    status: str  # paid, partly_refunded, refunded, cancelled
    channel: str
    lines: tuple[Line, ...]
    coupons: tuple[str, ...] = ()
    store: str = ""


@dataclass(frozen=True, slots=True)
class OrderChange:
    """What one event did to revenue: `amount_minor` is the signed difference, `n_orders` +1, 0 or −1.

    `coupons` are the codes that this event was the first to name for its order, as the shop wrote them, in capitals. `identifier` is
    a keyed hash of who paid or of the device.
    """

    id: int
    order_id: int
    external_id: str
    customer_id: int
    kind: str  # paid, corrected, refunded, cancelled
    amount_minor: int
    n_orders: int
    currency: str
    channel: str
    at: datetime
    event_id: int
    coupons: tuple[str, ...] = ()
    store: str = ""
    identifier: str = ""


@dataclass(frozen=True, slots=True)
class OrderMove:
    """The numbers of an order change."""

    id: int
    order_id: int
    amount_minor: int
    n_orders: int
    currency: str
    channel: str
    at: datetime


@dataclass(frozen=True, slots=True)
class OrderPage:
    """Orders of one customer, newest first; `earlier` is the cursor of the next page, None at the end."""

    orders: tuple[OrderView, ...]
    earlier: str | None


@dataclass(frozen=True, slots=True)
class MonthRevenue:
    """What the orders placed in one month came to, less what was refunded of them since."""

    month: date
    amount_minor: int
    n_orders: int


@dataclass(frozen=True, slots=True)
class PlacedOrder:
    """An order that was placed, whatever became of it. A refund or a correction may have named it before that."""

    id: int  # the event that first named it, which says whose it is
    customer_id: int
    external_id: str
    event_id: int  # the event that placed it
    ordered_at: datetime
