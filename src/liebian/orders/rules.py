"""How order events change an order. Plain Python: (order state, event) → (order state, difference)."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple

from liebian.core.errors import Invalid
from liebian.core.money import MAX_MINOR, is_currency_code, to_minor
from liebian.core.texts import mark as _
from liebian.orders.types import Line, SeenProduct

MAX_LINES = 1000
MAX_COUPONS = 10
MAX_CODE = 60
MAX_STORE = 100
MAX_IDENTIFIER = 200
MAX_QUANTITY = 10**9


@dataclass(frozen=True, slots=True)
class Placed:
    """An order as its event states it. `total_minor` is None when an update says nothing of money."""

    external_id: str
    currency: str
    total_minor: int | None
    channel: str
    lines: tuple[Line, ...]
    coupons: tuple[str, ...] = ()
    checkout_id: str = ""
    discount_minor: int = 0
    store: str = ""


class Refund(NamedTuple):
    """What one refund gives back. One that came before its order may wait for its currency ("") and amount (None: all)."""

    amount_minor: int | None
    currency: str


class Placing(NamedTuple):
    """The event that placed an order and said for whom, its source, and the customer as whom it was read."""

    event_id: int
    source: str
    customer_id: int


@dataclass(slots=True)
class State:
    """An order as it stands. `refunds` by their ids, so that a repeated refund changes nothing; those in another currency
    than the order's do not count while it has that currency."""

    external_id: str
    customer_id: int
    id: int
    ordered_at: datetime | None = None
    currency: str = ""
    total_minor: int = 0
    channel: str = ""
    is_cancelled: bool = False
    lines: tuple[Line, ...] = ()
    refunds: dict[str, Refund] = field(default_factory=dict)
    coupons: tuple[str, ...] = ()
    checkout_id: str = ""
    discount_minor: int = 0
    store: str = ""
    identifier: str = ""
    stated_at: datetime | None = None
    placing: Placing | None = None

    @property
    def refunded_minor(self) -> int:
        return self.total_minor if self.is_cancelled else min(self.total_minor, sum(self._given_back().values()))

    @property
    def foreign_refunds(self) -> int:
        """How many refunds do not count because they are in another currency."""
        return len(self.refunds) - len(self._given_back()) if self.currency else 0

    @property
    def left_minor(self) -> int:
        """What a refund that is not settled yet could give back at most."""
        return max(0, self.total_minor - sum(self._given_back().values()))

    def _given_back(self) -> dict[str, int]:
        return {key: each.amount_minor or 0 for key, each in self.refunds.items() if each.currency == self.currency}

    @property
    def standing_lines(self) -> tuple[Line, ...]:
        """The lines that count as ordered: those of a placed order, refunded or not."""
        return () if self.ordered_at is None else self.lines

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
    placed = parse_updated(properties, default_currency)
    return placed if placed.total_minor is not None else replace(placed, total_minor=0)


def parse_updated(properties: dict[str, Any], default_currency: str) -> Placed:
    """Read an "Order Updated" event: as "Order Completed", but what it does not say stays as it was."""
    external_id = order_id_of(properties)
    currency = currency_of(properties) or default_currency
    lines = lines_of(properties, currency)
    discount = to_minor(properties.get("discount") or 0, currency)
    total = _total_of(properties, currency, lines, discount)
    if total is not None and total < 0:
        raise Invalid("bad_amount", _("An order cannot have a negative total. Send a refund instead."))
    if total is not None and total > MAX_MINOR:
        raise Invalid("bad_amount", _("The order's total is larger than any amount that we can hold."))
    channel = str(properties.get("channel") or "")[:60]
    checkout_id = str(properties.get("checkout_id") or "")[:100]
    coupons, store = coupons_of(properties), store_of(properties)
    return Placed(external_id, currency, total, channel, lines, coupons, checkout_id, discount, store)


def _total_of(properties: dict[str, Any], currency: str, lines: tuple[Line, ...], discount: int) -> int | None:
    """What was paid: said in one figure, or as subtotal with its parts, or by the lines; None when nothing says it."""
    stated = next((properties[k] for k in ("total", "revenue", "value") if properties.get(k) is not None), None)
    if stated is not None:
        return to_minor(stated, currency)
    extra = sum(to_minor(properties.get(name) or 0, currency) for name in ("shipping", "tax"))
    if properties.get("subtotal") is not None:
        return to_minor(properties["subtotal"], currency) - discount + extra
    return max(0, sum(line.quantity * line.unit_minor for line in lines) - discount + extra) if lines else None


def lines_of(properties: dict[str, Any], currency: str) -> tuple[Line, ...]:
    items = properties.get("products")
    items = items[:MAX_LINES] if isinstance(items, list) else []
    return tuple(_line(item, currency) for item in items if isinstance(item, dict))


def products_of(properties: dict[str, Any], default_currency: str) -> list[SeenProduct]:
    """The products that an event names, alone or in `products`. What cannot be read of one is left out.

    >>> products_of({"product_id": "p1", "name": "Tea", "price": "12.50"}, "CNY")
    [SeenProduct(external_id='p1', name='Tea', category='', price_minor=1250, currency='CNY')]
    """
    several = properties.get("products")
    items = [item for item in several[:MAX_LINES] if isinstance(item, dict)] if isinstance(several, list) else []
    return [seen for item in (properties, *items) if (seen := _product(item, properties, default_currency)) is not None]


def _product(item: dict[str, Any], event: dict[str, Any], default_currency: str) -> SeenProduct | None:
    key = item.get("product_id") or item.get("sku")
    if not key:
        return None
    try:
        currency = currency_of(event) or default_currency
        price = to_minor(item["price"], currency) if item.get("price") is not None else None
    except Invalid:
        currency, price = "", None
    if price is not None and not 0 <= price <= MAX_MINOR:
        price = None
    name, category = str(item.get("name") or "")[:200], str(item.get("category") or "")[:100]
    return SeenProduct(str(key)[:100], name, category, price, currency if price is not None else "")


def currency_of(properties: dict[str, Any]) -> str:
    """The currency that an event names, "" when it names none. Raises Invalid "bad_currency" for what is no code.

    >>> currency_of({"currency": " usd "}), currency_of({})
    ('USD', '')
    """
    said = str(properties.get("currency") or "").strip().upper()
    if said and not is_currency_code(said):
        raise Invalid("bad_currency", _("A currency is a code of three letters, such as CNY."))
    return said


def refunded_of(properties: dict[str, Any], currency: str) -> int | None:
    """How much a refund gives back: its total, or its products; None means all that is left."""
    stated = next((properties[k] for k in ("total", "revenue", "value") if properties.get(k) is not None), None)
    if stated is not None:
        return to_minor(stated, currency)
    lines = lines_of(properties, currency)
    return sum(line.quantity * line.unit_minor for line in lines) or None


def coupons_of(properties: dict[str, Any]) -> tuple[str, ...]:
    """The codes that an order names, in `coupon` or in the list `coupons`: in capitals, each once, at most ten.

    >>> coupons_of({"coupon": " ab-1 ", "coupons": ["AB-1", {"code": "c2"}, None, 7]})
    ('AB-1', 'C2', '7')
    """
    several = properties.get("coupons")
    stated = [properties.get("coupon"), *(several if isinstance(several, list) else [several])]
    codes = [_code(each.get("code") if isinstance(each, dict) else each) for each in stated[: 10 * MAX_COUPONS]]
    return tuple(dict.fromkeys(code for code in codes if code))[:MAX_COUPONS]


def store_of(properties: dict[str, Any]) -> str:
    """Where it was bought: `store_id`, or else `affiliation`.

    >>> store_of({"affiliation": " Hangzhou 3 "}), store_of({"affiliation": "x", "store_id": 7}), store_of({"store_id": True})
    ('Hangzhou 3', '7', '')
    """
    said = next((properties[name] for name in ("store_id", "affiliation") if properties.get(name)), "")
    return _plain_text(said, MAX_STORE)


def identifier_of(properties: dict[str, Any], context: dict[str, Any]) -> str:
    """Who paid, or else on which device: what several people may share.

    >>> identifier_of({"payer_id": "p1"}, {"device": {"id": "d1"}}), identifier_of({}, {"device": {"id": "d1"}})
    ('payer:p1', 'device:d1')
    """
    device = context.get("device")
    found = {"payer": properties.get("payer_id"), "device": device.get("id") if isinstance(device, dict) else None}
    told = {name: _plain_text(value, MAX_IDENTIFIER) for name, value in found.items()}
    return next((f"{name}:{value}" for name, value in told.items() if value), "")


def _plain_text(stated: object, most: int) -> str:
    if isinstance(stated, bool) or not isinstance(stated, str | int):
        return ""
    return " ".join(str(stated).replace("\x00", "").split())[:most]


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
    """An "Order Completed" places the order, when it is the first, and states it."""
    state.ordered_at = state.ordered_at or at
    apply_statement(state, placed, at)


def apply_statement(state: State, placed: Placed, at: datetime) -> None:
    """A repeated event states the order anew; what it was before is replaced, not added to. The statement made last stands,
    also when an older one arrives after it; of two of one moment the one that arrived last.

    Coupons are the exception: one that was named stays with the order, because it may have been used up for it.
    """
    state.coupons = tuple(dict.fromkeys((*state.coupons, *placed.coupons)))
    if state.stated_at is not None and at < state.stated_at:
        return
    state.stated_at = at
    if placed.total_minor is not None:
        state.currency, state.total_minor = placed.currency, placed.total_minor
        state.discount_minor = placed.discount_minor
    state.channel = placed.channel or state.channel
    state.store = placed.store or state.store
    state.lines = placed.lines or state.lines
    state.checkout_id = placed.checkout_id or state.checkout_id
    _settle_waiting_refunds(state)


def apply_refund(state: State, refund_id: str, amount_minor: int | None, currency: str = "") -> None:
    """None means: all that is left; no currency means the order's. A refund of an order whose money is not known yet waits."""
    state.refunds[refund_id] = Refund(None if amount_minor is None else max(0, amount_minor), currency)
    _settle_waiting_refunds(state)


def _settle_waiting_refunds(state: State) -> None:
    """Refunds that do not say how much, or of what, get it from the order as soon as its money is known."""
    if not state.currency:
        return
    for key, (amount, currency) in state.refunds.items():
        if not currency or (amount is None and currency == state.currency):
            amount = state.left_minor if amount is None else amount
            state.refunds[key] = Refund(amount, state.currency)


def net_lines(before: tuple[Line, ...], after: tuple[Line, ...]) -> tuple[Line, ...]:
    """What was added, and with a negative quantity what was taken away.

    >>> tea = Line("t", "Tea", "", 2, 500)
    >>> [line.quantity for line in net_lines((tea,), (replace(tea, quantity=3),))]
    [1]
    """
    counts: dict[Line, int] = {}
    for sign, lines in ((-1, before), (1, after)):
        for line in lines:
            kind = replace(line, quantity=0)
            counts[kind] = counts.get(kind, 0) + sign * line.quantity
    return tuple(replace(kind, quantity=count) for kind, count in counts.items() if count)


def _line(item: dict[str, Any], currency: str) -> Line:
    return Line(
        product_id=str(item.get("product_id") or item.get("sku") or item.get("name") or "")[:100],
        name=str(item.get("name") or "")[:200],
        category=str(item.get("category") or "")[:100],
        quantity=_quantity(item.get("quantity")),
        unit_minor=to_minor(item.get("price") or 0, currency),
    )


def _quantity(stated: object) -> int:
    """A positive whole number, also as text; one when nothing is said.

    >>> _quantity("2"), _quantity(3.0), _quantity(None)
    (2, 3, 1)
    """
    if stated is None or stated == "":
        return 1
    try:
        found = Decimal("NaN") if isinstance(stated, bool) else Decimal(str(stated).strip())
    except InvalidOperation:
        found = Decimal("NaN")
    if not (found.is_finite() and 1 <= found <= MAX_QUANTITY and found == found.to_integral_value()):
        raise Invalid(
            "bad_quantity",
            _("'%(stated)s' is not a quantity: a positive whole number is expected."),
            stated=str(stated)[:40],
        )
    return int(found)
