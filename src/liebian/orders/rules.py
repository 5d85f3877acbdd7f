"""How order events change an order. Plain Python: (order state, event) → (order state, difference)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from liebian.core.errors import Invalid
from liebian.core.money import MAX_MINOR, to_minor
from liebian.core.texts import mark as _
from liebian.orders.types import Line

MAX_LINES = 1000
MAX_COUPONS = 10
MAX_CODE = 60
MAX_QUANTITY = 10**9


@dataclass(frozen=True, slots=True)
class Placed:
    """An order as its event states it."""

    external_id: str
    currency: str
    total_minor: int
    channel: str
    lines: tuple[Line, ...]
    coupons: tuple[str, ...] = ()


@dataclass(slots=True)
class State:
    """An order as it stands. `refunds` maps refund ids to amounts, so that a repeated refund changes nothing."""

    external_id: str
    customer_id: int
    id: int
    ordered_at: datetime | None = None
    currency: str = ""
    total_minor: int = 0
    channel: str = ""
    is_cancelled: bool = False
    lines: tuple[Line, ...] = ()
    refunds: dict[str, int] = field(default_factory=dict)
    coupons: tuple[str, ...] = ()
    first_change: bool = True

    @property
    def refunded_minor(self) -> int:
        return self.total_minor if self.is_cancelled else min(self.total_minor, sum(self.refunds.values()))

    @property
    def net_minor(self) -> int:
        return 0 if self.ordered_at is None else self.total_minor - self.refunded_minor

    @property
    def counts(self) -> int:
        """1 while the order is placed and not wholly given back."""
        return int(
            self.ordered_at is not None and not self.is_cancelled and (self.net_minor > 0 or self.total_minor == 0)
        )

    @property
    def status(self) -> str:
        if self.is_cancelled:
            return "cancelled"
        if self.refunded_minor == 0:
            return "paid"
        return "refunded" if self.refunded_minor >= self.total_minor else "partly_refunded"


def parse_placed(properties: dict[str, Any], default_currency: str) -> Placed:
    """Read an "Order Completed" event. Raises Invalid when it has no order id or an unreadable amount."""
    external_id = order_id_of(properties)
    currency = str(properties.get("currency") or default_currency).upper()[:3]
    lines = tuple(
        _line(item, currency) for item in (properties.get("products") or [])[:MAX_LINES] if isinstance(item, dict)
    )
    stated = next((properties[k] for k in ("total", "revenue", "value") if properties.get(k) is not None), None)
    total = to_minor(stated, currency) if stated is not None else sum(line.quantity * line.unit_minor for line in lines)
    if total < 0:
        raise Invalid("bad_amount", _("An order cannot have a negative total. Send a refund instead."))
    if total > MAX_MINOR:
        raise Invalid("bad_amount", _("The order's total is larger than any amount that we can hold."))
    channel = str(properties.get("channel") or "")[:60]
    return Placed(external_id, currency, total, channel, lines, coupons_of(properties))


def coupons_of(properties: dict[str, Any]) -> tuple[str, ...]:
    """The codes that an order names, in `coupon` or in the list `coupons`: in capitals, each once, at most ten.

    >>> coupons_of({"coupon": " ab-1 ", "coupons": ["AB-1", {"code": "c2"}, None, 7]})
    ('AB-1', 'C2', '7')
    """
    several = properties.get("coupons")
    stated = [properties.get("coupon"), *(several if isinstance(several, list) else [several])]
    codes = [_code(each.get("code") if isinstance(each, dict) else each) for each in stated[: 10 * MAX_COUPONS]]
    return tuple(dict.fromkeys(code for code in codes if code))[:MAX_COUPONS]


def _code(stated: object) -> str:
    """Something too long to be a code is none, rather than the beginning of another."""
    if isinstance(stated, bool) or not isinstance(stated, str | int):
        return ""
    code = str(stated).replace("\x00", "").strip().upper()
    return code if len(code) <= MAX_CODE else ""


def order_id_of(properties: dict[str, Any]) -> str:
    external_id = str(properties.get("order_id") or "").strip()
    if not external_id or len(external_id) > 100:
        raise Invalid("order_id_missing", _("An order event needs order_id (at most 100 characters)."))
    return external_id


def apply_placed(state: State, placed: Placed, at: datetime) -> None:
    """A repeated event states the order anew; what it was before is replaced, not added to.

    Coupons are the exception: one that was named stays with the order, because it may have been used up for it.
    """
    state.ordered_at = state.ordered_at or at
    state.currency, state.total_minor = placed.currency, placed.total_minor
    state.channel = placed.channel or state.channel
    state.lines = placed.lines or state.lines
    state.coupons = tuple(dict.fromkeys((*state.coupons, *placed.coupons)))


def apply_refund(state: State, refund_id: str, amount_minor: int | None) -> None:
    """None means: all that is left. A refund of an order that has not arrived yet waits in the state."""
    left = state.total_minor - state.refunded_minor
    state.refunds[refund_id] = max(0, left if amount_minor is None else amount_minor)


def _line(item: dict[str, Any], currency: str) -> Line:
    return Line(
        product_id=str(item.get("product_id") or item.get("sku") or item.get("name") or "")[:100],
        name=str(item.get("name") or "")[:200],
        category=str(item.get("category") or "")[:100],
        quantity=_quantity(item.get("quantity", 1)),
        unit_minor=to_minor(item.get("price") or 0, currency),
    )


def _quantity(stated: object) -> int:
    if isinstance(stated, bool) or not isinstance(stated, int | float):
        return 1
    if not -MAX_QUANTITY <= stated <= MAX_QUANTITY:  # also refuses NaN
        raise Invalid("bad_quantity", _("'%(stated)s' is not a quantity that we can hold."), stated=str(stated)[:40])
    return int(stated)
