"""What a shop may send, as types: whatever does not fit is told with its place before anything is looked up."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from liebian.core.errors import Invalid
from liebian.core.money import MAX_MINOR
from liebian.core.texts import mark as _
from liebian.rewards.types import Cart, CartLine

MAX_BODY = 256 * 1024
_PLAIN = r"^[^\x00-\x1f\x7f]*$"
Text = Annotated[str, Meta(min_length=1, max_length=120, pattern=_PLAIN)]
Word = Annotated[str, Meta(max_length=120, pattern=_PLAIN)]
Code = Annotated[str, Meta(min_length=1, max_length=60, pattern=_PLAIN)]
Codes = Annotated[list[Code], Meta(min_length=1, max_length=10)]
Minor = Annotated[int, Meta(ge=0, le=MAX_MINOR, description="In the smallest unit of the currency, such as fen")]
Pieces = Annotated[int, Meta(ge=1, le=1_000_000)]
Currency = Annotated[str, Meta(pattern="^[A-Z]{3}$")]


class Line(Struct, forbid_unknown_fields=True):
    """One line of a cart; `amount_minor` is the price of all its pieces."""

    id: Text
    amount_minor: Minor
    quantity: Pieces = 1
    product_id: Word = ""
    categories: Annotated[list[Text], Meta(max_length=20)] = []
    brand: Word = ""


class CartBody(Struct, forbid_unknown_fields=True):
    currency: Currency
    lines: Annotated[list[Line], Meta(min_length=1, max_length=500)]
    shipping_minor: Minor = 0
    channel: Word = ""
    store: Word = ""


class ValidateBody(Struct, forbid_unknown_fields=True):
    """A cart with its coupons. `user_id` is the buyer, by the id that your events carry."""

    cart: CartBody
    coupons: Codes
    user_id: Text | None = None


class ReserveBody(Struct, forbid_unknown_fields=True):
    cart: CartBody
    coupons: Codes
    user_id: Text | None = None
    order_id: Text | None = None
    hold_seconds: Annotated[int, Meta(ge=1, le=86_400)] = 900


class RedeemBody(Struct, forbid_unknown_fields=True):
    """The order's number, and the reservation; or a cart with its coupons that was not reserved before."""

    order_id: Text
    reservation: Text | None = None
    discounts: dict[Code, Minor] = {}
    cart: CartBody | None = None
    coupons: Codes | None = None
    user_id: Text | None = None


class RefundedLine(Struct, forbid_unknown_fields=True):
    id: Text
    quantity: Pieces = 1


class RollbackBody(Struct, forbid_unknown_fields=True):
    """The reservation, or the order; with `lines` only these pieces of the order come back."""

    reservation: Text | None = None
    order_id: Text | None = None
    lines: Annotated[list[RefundedLine], Meta(min_length=1, max_length=500)] | None = None


class AddressBody(Struct, forbid_unknown_fields=True):
    """Where a customer's gift goes. `user_id` is the customer; `region` stands before the street: province, city, district."""

    user_id: Text
    recipient: Text
    phone: Word
    region: Text
    line: Annotated[str, Meta(min_length=1, max_length=400, pattern=_PLAIN)]
    postcode: Word = ""


def cart_of(body: CartBody) -> Cart:
    """Raises Invalid "cart_lines" when two lines have one id."""
    lines = tuple(
        CartLine(each.id, each.amount_minor, each.quantity, each.product_id, tuple(each.categories), each.brand)
        for each in body.lines
    )
    if len({each.id for each in lines}) < len(lines):
        raise Invalid("cart_lines", _("Two lines of the cart have the same id. Give each its own."))
    return Cart(body.currency, lines, body.shipping_minor, body.channel, body.store)
