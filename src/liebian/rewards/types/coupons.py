"""Coupons: their terms, carts, what a cart costs with them, pools of codes, and what happened at the checkout. Plain Python."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

CouponEffect = Literal["fixed", "percent", "shipping", "gift"]
CodeSource = Literal["cause", "pool"]
OnReturn = Literal["keep", "grace", "never"]
PoolKind = Literal["rewards", "open", "retail"]
RedemptionState = Literal["reserved", "redeemed", "released", "lapsed", "rolled_back"]


@dataclass(frozen=True, slots=True)
class CouponTerms:
    """What a coupon does and where. Empty lists allow everything, zeros limit nothing.

    fixed: the offer's `face_minor` off. percent: `percent_bp` (1/100 of a percent) off, at most `cap_minor`. shipping: at most
    `cap_minor` of the shipping. gift: one `gift_product` free. The offer's threshold counts the goods that the coupon may reduce, before any coupon.

    `starts_at` and `ends_at` are instants, [start, end); without an end the offer's `valid_days` from the day of issue count.
    `group`: coupons combine with coupons of other groups; one without a group combines with none. They apply by `priority`, then by code.
    `on_return` says what becomes of it when its whole order comes back: it keeps its end, or has `grace_days` from then on, or stays used.
    `honours_reservation`: what was reserved before the end may be redeemed while the reservation runs.
    `codes`: made from the cause of the reward, or taken from the offer's pools.
    """

    effect: CouponEffect = "fixed"
    percent_bp: int = 0
    cap_minor: int = 0
    gift_product: str = ""
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    products: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    brands: tuple[str, ...] = ()
    not_products: tuple[str, ...] = ()
    not_categories: tuple[str, ...] = ()
    not_brands: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    stores: tuple[str, ...] = ()
    group: str = ""
    priority: int = 0
    per_customer: int = 0
    on_return: OnReturn = "keep"
    grace_days: int = 0
    honours_reservation: bool = True
    codes: CodeSource = "cause"

    @property
    def settles(self) -> bool:
        """Whether what it costs is known only when it is used; until then the budget carries the cap."""
        return self.effect in ("percent", "shipping")


@dataclass(frozen=True, slots=True)
class CartLine:
    """`amount_minor` is the price of all its pieces."""

    id: str
    amount_minor: int
    quantity: int = 1
    product: str = ""
    categories: tuple[str, ...] = ()
    brand: str = ""


@dataclass(frozen=True, slots=True)
class Cart:
    currency: str
    lines: tuple[CartLine, ...]
    shipping_minor: int = 0
    channel: str = ""
    store: str = ""

    @property
    def total_minor(self) -> int:
        return sum(line.amount_minor for line in self.lines) + self.shipping_minor


@dataclass(frozen=True, slots=True)
class CouponInHand:
    """A coupon as a cart sees it: its terms, its time [starts_at, ends_at), and what already speaks against it."""

    code: str
    currency: str
    face_minor: int
    threshold_minor: int
    terms: CouponTerms
    starts_at: datetime | None
    ends_at: datetime | None
    refusal: str = ""


@dataclass(frozen=True, slots=True)
class LineShare:
    """What one line of the cart carries of a coupon's discount."""

    id: str
    minor: int
    quantity: int = 1


@dataclass(frozen=True, slots=True)
class PricedCoupon:
    """discount = lines + shipping. `refusal` is empty when the coupon applies; `gift` is a product that comes free."""

    code: str
    refusal: str = ""
    lines: tuple[LineShare, ...] = ()
    shipping_minor: int = 0
    gift: str = ""

    @property
    def discount_minor(self) -> int:
        return sum(line.minor for line in self.lines) + self.shipping_minor


@dataclass(frozen=True, slots=True)
class Quote:
    """What a cart costs with its coupons, in the order in which they apply."""

    currency: str
    total_minor: int
    coupons: tuple[PricedCoupon, ...]

    @property
    def discount_minor(self) -> int:
        return sum(each.discount_minor for each in self.coupons)

    @property
    def payable_minor(self) -> int:
        return self.total_minor - self.discount_minor

    @property
    def refusals(self) -> Mapping[str, str]:
        return {each.code: each.refusal for each in self.coupons if each.refusal}


@dataclass(frozen=True, slots=True)
class CheckoutRequest:
    """A cart that names coupons, from one shop. `customer_id` is None for a buyer we do not know."""

    shop: str
    customer_id: int | None
    cart: Cart
    codes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RedemptionView:
    """One coupon in one cart or order. `refunded_minor` is what refunded lines gave back of the discount."""

    id: int
    reservation: str
    code: str
    offer_id: int
    customer_id: int | None
    shop: str
    order_key: str
    state: RedemptionState
    currency: str
    discount_minor: int
    refunded_minor: int
    lines: tuple[LineShare, ...]
    gift: str
    reserved_at: datetime
    lapses_at: datetime
    redeemed_at: datetime | None
    closed_at: datetime | None


@dataclass(frozen=True, slots=True)
class CheckoutResult:
    """What a reservation has come to. `returned` are the codes that can be used again, `kept` those that cannot, with the reason."""

    reservation: str
    order_key: str
    redemptions: tuple[RedemptionView, ...]
    refunded_now: Mapping[str, int]
    returned: tuple[str, ...] = ()
    kept: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class PoolView:
    """A pool of codes of one offer. rewards: given to customers as rewards. open: handed out by the shop, whoever brings one first has it.
    retail: one code for many, `n_codes` uses in all."""

    id: int
    offer_id: int
    offer_name: str
    name: str
    kind: PoolKind
    n_codes: int
    n_left: int
    low_at: int
    created_at: datetime

    @property
    def is_low(self) -> bool:
        return self.n_left <= self.low_at


@dataclass(frozen=True, slots=True)
class ImportedCodes:
    """What a file of codes brought: how many were taken, and every one that was not, with its row and why."""

    n_taken: int
    rejected: tuple[tuple[int, str, str], ...]


@dataclass(frozen=True, slots=True)
class ShopKeyView:
    """A shop's key for the checkout. The key itself is shown once, when it is made."""

    id: int
    name: str
    tail: str
    is_enabled: bool
    created_at: datetime
