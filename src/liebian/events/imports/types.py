"""What an import is told, and what it reports."""

from __future__ import annotations

from collections.abc import Mapping as AnyMapping
from dataclasses import asdict, dataclass, field
from typing import Any

from liebian.core.texts import mark as _

DRAFT, QUEUED, RUNNING, DONE, FAILED, CANCELLED = "draft", "queued", "running", "done", "failed", "cancelled"
CUSTOMER, ORDER, REFUND = "customer", "order", "refund"

# The first reason that applies to a row is its reason: the order here is the order in which they are tried.
REASONS = (
    "bad_row", "no_order_id", "bad_id", "no_customer", "adjustment", "bad_time", "bad_amount", "future",
    "zero_or_negative_price", "duplicate", "order_conflict", "cancellation_unmatched",
)  # fmt: skip

REQUIRED = ("order_id", "customer_id", "at")
AMOUNTS = ("price", "total")
LINE_FIELDS = ("product_id", "product_name", "category", "quantity", "price")
ORDER_FIELDS = ("total", "currency", "channel")
TRAIT_FIELDS = ("country", "province", "city", "gender", "birthday", "occupation", "name", "phone", "email", "address")
FIELDS = (*REQUIRED, *LINE_FIELDS, *ORDER_FIELDS, *TRAIT_FIELDS)
FIELD_NAMES = {
    "order_id": _("Order number"),
    "customer_id": _("Customer number"),
    "at": _("Time of the order"),
    "price": _("Price of one piece"),
    "quantity": _("Quantity"),
    "product_id": _("Product number"),
    "product_name": _("Product name"),
    "category": _("Category"),
    "total": _("Total of the order"),
    "currency": _("Currency"),
    "channel": _("Channel"),
    "country": _("Country"),
    "province": _("Province"),
    "city": _("City"),
    "gender": _("Gender"),
    "birthday": _("Birthday"),
    "occupation": _("Occupation"),
    "name": _("Name"),
    "phone": _("Phone"),
    "email": _("E-mail"),
    "address": _("Address"),
}


@dataclass(frozen=True, slots=True)
class Mapping:
    """How to read one kind of file. `columns` says which column of the file holds which field.

    With `price` every row is a line of an order; with `total` (and no price) every row is an order.
    """

    columns: AnyMapping[str, str]
    source: str = "orders-file"
    time_zone: str = "Asia/Shanghai"
    currency: str = "CNY"
    date_format: str = ""  # strptime; empty: ISO 8601, or whichever usual format reads the most rows
    date_formats: tuple[str, ...] = ()
    decimal: str = "."
    cancel_prefix: str = ""
    adjustment_codes: tuple[str, ...] = ()
    adjustment_prefixes: tuple[str, ...] = ()

    @property
    def by_line(self) -> bool:
        return "price" in self.columns


@dataclass(frozen=True, slots=True)
class Item:
    """One fact of the file, about to become one event. `payload` is JSON: properties, or traits of a customer."""

    kind: str
    ref: str
    at_ms: int
    user_id: str
    payload: str


@dataclass(frozen=True, slots=True)
class Accounting:
    """Every row of the file in exactly one place."""

    rows: int
    accepted: int
    accepted_refunds: int
    rejected: dict[str, int]
    orders: int
    refunds: int
    customers: int
    first_at: str | None
    last_at: str | None
    currency: str | None = None  # of most orders


@dataclass(frozen=True, slots=True)
class Report:
    rows: int
    accepted: int
    accepted_refunds: int
    rejected: dict[str, int]
    created: int
    updated: int
    unchanged: int
    refunds: int
    customers: int
    seconds: float
    rows_per_s: int
    rejected_file: str | None = None
    orders: int = 0
    first_at: str | None = None
    last_at: str | None = None
    currency: str | None = None

    @property
    def rejected_rows(self) -> int:
        return sum(self.rejected.values())

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Problem:
    code: str
    message: str
    details: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Glance:
    """What a file looks like before anything is decided: its columns and first rows."""

    kind: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str | None, ...], ...]
    guessed: dict[str, str] = field(default_factory=dict)
    preset: str | None = None


@dataclass(frozen=True, slots=True)
class Preview:
    """A dry run: what an import with this mapping would do. Nothing is written."""

    columns: tuple[str, ...]
    mapping: dict[str, str]
    rows: tuple[tuple[str | None, ...], ...]
    problems: tuple[Problem, ...]
    accounting: Accounting | None
