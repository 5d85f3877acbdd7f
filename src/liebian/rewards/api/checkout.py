"""The four operations of a checkout. Owns headers, status codes and the form of answers; decides nothing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import wraps
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext
from django.views.decorators.csrf import csrf_exempt

from liebian.access.guard import public
from liebian.core import clock
from liebian.core.errors import Invalid, LiebianError
from liebian.core.ids import caused_by
from liebian.core.json_api import decode, operation, read_body, read_key
from liebian.core.texts import mark as _
from liebian.customers import queries as customers
from liebian.rewards import queries, services
from liebian.rewards.api.bodies import (
    MAX_BODY,
    CartBody,
    RedeemBody,
    ReserveBody,
    RollbackBody,
    ValidateBody,
    cart_of,
)
from liebian.rewards.api.once import answer_once
from liebian.rewards.types import CheckoutRequest, CheckoutResult, PricedCoupon, Quote, RedemptionView, ShopKeyView

Act = Callable[[ShopKeyView, bytes, str, datetime], tuple[int, dict[str, Any]]]


def _operation(act: Act) -> Any:
    @public
    @csrf_exempt
    @operation("POST", realm="coupons", tell=_say_error)
    @wraps(act)
    def view(request: HttpRequest) -> tuple[int, dict[str, Any]]:
        shop = queries.get_shop(read_key(request.headers.get("Authorization", "")))
        key = request.headers.get("Idempotency-Key", "")
        return act(shop, read_body(request, MAX_BODY), key, clock.now())

    return view


def _say_error(error: LiebianError) -> dict[str, Any]:
    details = dict(error.details)
    if reasons := details.pop("reasons", None):
        details["coupons"] = [{"code": code, **_say_reason(reason)} for code, reason in reasons.items()]
    return {"error": {"code": error.code, "message": error.message, "details": details}}


@_operation
def validate(shop: ShopKeyView, raw: bytes, _key: str, now: datetime) -> tuple[int, dict[str, Any]]:
    body = decode(raw, ValidateBody)
    quote = services.quote_coupons(request=_ask(shop, body.cart, body.coupons, body.user_id), now=now)
    return 200, {"valid": not quote.refusals, **_say_quote(quote)}


@_operation
def reserve(shop: ShopKeyView, raw: bytes, key: str, now: datetime) -> tuple[int, dict[str, Any]]:
    body = decode(raw, ReserveBody)

    def act() -> dict[str, Any]:
        quote, result = services.reserve_coupons(
            request=_ask(shop, body.cart, body.coupons, body.user_id),
            reservation=caused_by("reservation", shop.name, key),
            order_key=body.order_id or "",
            hold_for=timedelta(seconds=body.hold_seconds),
            now=now,
        )
        held_until = result.redemptions[0].lapses_at.isoformat()
        return {"reservation": result.reservation, "held_until": held_until, **_say_quote(quote)}

    return _once(shop, key, "reserve", body, act, now)


@_operation
def redeem(shop: ShopKeyView, raw: bytes, key: str, now: datetime) -> tuple[int, dict[str, Any]]:
    body = decode(raw, RedeemBody)
    if (body.reservation is None) == (body.cart is None or body.coupons is None):
        raise Invalid("redeem_what", _("Send either `reservation`, or `cart` with `coupons`."))

    def act() -> dict[str, Any]:
        reservation = body.reservation or caused_by("reservation", shop.name, key)
        if body.cart is not None and body.coupons is not None:
            services.reserve_coupons(
                request=_ask(shop, body.cart, body.coupons, body.user_id),
                reservation=reservation,
                order_key=body.order_id,
                hold_for=timedelta(minutes=15),
                now=now,
            )
        discounts = {code.strip().upper(): minor for code, minor in body.discounts.items()}
        return _say_result(
            services.redeem_reservation(
                shop=shop.name, reservation=reservation, order_key=body.order_id, discounts=discounts, now=now
            )
        )

    return _once(shop, key, "redeem", body, act, now)


@_operation
def rollback(shop: ShopKeyView, raw: bytes, key: str, now: datetime) -> tuple[int, dict[str, Any]]:
    body = decode(raw, RollbackBody)
    if body.reservation is None and body.order_id is None:
        raise Invalid("rollback_what", _("Send `reservation` or `order_id`."))
    lines: dict[str, int] | None = None if body.lines is None else {}
    for each in body.lines or ():
        assert lines is not None
        lines[each.id] = lines.get(each.id, 0) + each.quantity

    def act() -> dict[str, Any]:
        return _say_result(
            services.give_back(
                shop=shop.name,
                reservation=body.reservation or "",
                order_key=body.order_id or "",
                lines=lines,
                now=now,
            )
        )

    return _once(shop, key, "rollback", body, act, now)


def _once(
    shop: ShopKeyView, key: str, name: str, body: Any, act: Callable[[], dict[str, Any]], now: datetime
) -> tuple[int, dict[str, Any]]:
    return answer_once(shop, key, name, body, act, now, tell=_say_error)


def _ask(shop: ShopKeyView, cart: CartBody, codes: list[str], user_id: str | None) -> CheckoutRequest:
    customer_id = customers.find_customer_id(kind="user_id", value=user_id) if user_id else None
    return CheckoutRequest(shop.name, customer_id, cart_of(cart), tuple(codes))


def _say_quote(quote: Quote) -> dict[str, Any]:
    return {
        "currency": quote.currency,
        "total_minor": quote.total_minor,
        "discount_minor": quote.discount_minor,
        "payable_minor": quote.payable_minor,
        "coupons": [_say_coupon(each) for each in quote.coupons],
    }


def _say_coupon(coupon: PricedCoupon) -> dict[str, Any]:
    if coupon.refusal:
        return {"code": coupon.code, **_say_reason(coupon.refusal)}
    return {
        "code": coupon.code,
        "discount_minor": coupon.discount_minor,
        "shipping_minor": coupon.shipping_minor,
        "lines": [{"id": share.id, "discount_minor": share.minor} for share in coupon.lines],
        "gift": coupon.gift or None,
    }


def _say_reason(reason: str) -> dict[str, str]:
    return {"reason": reason, "text": gettext(queries.get_reason(reason).customer)}


def _say_result(result: CheckoutResult) -> dict[str, Any]:
    return {
        "reservation": result.reservation,
        "order_id": result.order_key or None,
        "coupons": [_say_redemption(each, result) for each in result.redemptions],
    }


def _say_redemption(each: RedemptionView, result: CheckoutResult) -> dict[str, Any]:
    said: dict[str, Any] = {
        "code": each.code,
        "state": each.state,
        "discount_minor": each.discount_minor,
        "refunded_minor": each.refunded_minor,
        "refunded_now_minor": result.refunded_now.get(each.code, 0),
        "lines": [{"id": share.id, "discount_minor": share.minor} for share in each.lines],
        "gift": each.gift or None,
        "usable_again": each.code in result.returned,
    }
    if reason := (result.kept or {}).get(each.code):
        said |= _say_reason(reason)
    return said
