"""What a cart costs with its coupons: exact integer arithmetic. Plain Python."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from liebian.rewards.types import Cart, CartLine, CouponInHand, CouponTerms, LineShare, PricedCoupon, Quote


def price(cart: Cart, coupons: Iterable[CouponInHand], at: datetime) -> Quote:
    """Apply the coupons by their priority, then by their code, whatever their order in the list.

    Each takes off what is left of the lines that it may reduce, never more; a percentage counts what earlier coupons left.
    """
    left = {line.id: line.amount_minor for line in cart.lines}
    shipping_left = cart.shipping_minor
    groups: list[str] = []
    priced = []
    for coupon in sorted({each.code: each for each in coupons}.values(), key=_turn):
        refusal = _refuse(cart, coupon, at) or _refuse_beside(groups, coupon.terms.group)
        result = PricedCoupon(coupon.code, refusal) if refusal else _apply(cart, coupon, left, shipping_left)
        for share in result.lines:
            left[share.id] -= share.minor
        shipping_left -= result.shipping_minor
        if not result.refusal:
            groups.append(coupon.terms.group)
        priced.append(result)
    return Quote(cart.currency, cart.total_minor, tuple(priced))


def allocate(minor: int, weights: Sequence[int]) -> list[int]:
    """Parts in proportion to the weights, by largest remainder, the earlier first among equals; they add up to `minor` exactly.

    >>> allocate(100, [1, 1, 1]), allocate(5, [10, 0, 30])
    ([34, 33, 33], [1, 0, 4])
    """
    whole = sum(weights)
    if not whole:
        return [0] * len(weights)
    parts = [minor * weight // whole for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda place: -(minor * weights[place] % whole))
    for place in by_remainder[: minor - sum(parts)]:
        parts[place] += 1
    return parts


def spread(minor: int, shares: Sequence[LineShare], shipping_minor: int) -> tuple[tuple[LineShare, ...], int]:
    """The same shares scaled to another discount: lines first to last, then the shipping."""
    parts = allocate(minor, [*(share.minor for share in shares), shipping_minor])
    lines = tuple(LineShare(s.id, part, s.quantity) for s, part in zip(shares, parts, strict=False))
    return lines, parts[-1]


def share_of(share: LineShare, pieces: int) -> int:
    """What so many pieces of the line carry of the discount, in all. Rounds down, so that several refunds add up.

    >>> [share_of(LineShare("a", 100, 3), pieces) for pieces in (1, 2, 3)]
    [33, 66, 100]
    """
    return share.minor * pieces // share.quantity


def is_eligible(line: CartLine, terms: CouponTerms) -> bool:
    """Whether the coupon may reduce the line: it is on a list, if there is any, and excluded by none."""
    if line.product in terms.not_products or line.brand in terms.not_brands:
        return False
    if set(line.categories) & set(terms.not_categories):
        return False
    if not (terms.products or terms.categories or terms.brands):
        return True
    return (
        line.product in terms.products
        or line.brand in terms.brands
        or bool(set(line.categories) & set(terms.categories))
    )


def _turn(coupon: CouponInHand) -> tuple[int, str]:
    return coupon.terms.priority, coupon.code


def _refuse(cart: Cart, coupon: CouponInHand, at: datetime) -> str:
    terms = coupon.terms
    if coupon.refusal:
        return coupon.refusal
    if coupon.starts_at is not None and at < coupon.starts_at:
        return "coupon_not_started"
    if coupon.ends_at is not None and at >= coupon.ends_at:
        return "reward_expired"
    if coupon.currency != cart.currency:
        return "coupon_currency"
    if terms.channels and cart.channel not in terms.channels:
        return "channel_not_allowed"
    if terms.stores and cart.store not in terms.stores:
        return "coupon_store"
    goods = [line for line in cart.lines if is_eligible(line, terms)]
    if not goods:
        return "coupon_products"
    if sum(line.amount_minor for line in goods) < coupon.threshold_minor:
        return "coupon_threshold"
    return ""


def _refuse_beside(groups: Sequence[str], group: str) -> str:
    return "coupon_not_combinable" if groups and (not group or "" in groups or group in groups) else ""


def _apply(cart: Cart, coupon: CouponInHand, left: Mapping[str, int], shipping_left: int) -> PricedCoupon:
    terms = coupon.terms
    if terms.effect == "shipping":
        minor = min(terms.cap_minor, shipping_left)
        return PricedCoupon(coupon.code, shipping_minor=minor) if minor else _useless(coupon)
    if terms.effect == "gift":
        return PricedCoupon(coupon.code, lines=_free_piece(cart, terms.gift_product, left), gift=terms.gift_product)
    goods = [line for line in cart.lines if is_eligible(line, terms)]
    whole = sum(left[line.id] for line in goods)
    wanted = coupon.face_minor if terms.effect == "fixed" else min(whole * terms.percent_bp // 10_000, terms.cap_minor)
    parts = allocate(min(wanted, whole), [left[line.id] for line in goods])
    shares = (LineShare(line.id, part, line.quantity) for line, part in zip(goods, parts, strict=True))
    return PricedCoupon(coupon.code, lines=tuple(shares)) if any(parts) else _useless(coupon)


def _free_piece(cart: Cart, product: str, left: Mapping[str, int]) -> tuple[LineShare, ...]:
    """One piece of the product, where it is in the cart already; otherwise the shop adds it at no price."""
    line = next((each for each in cart.lines if each.product == product and left[each.id]), None)
    if line is None:
        return ()
    return (LineShare(line.id, min(line.amount_minor // line.quantity, left[line.id]), line.quantity),)


def _useless(coupon: CouponInHand) -> PricedCoupon:
    return PricedCoupon(coupon.code, "coupon_no_effect")
