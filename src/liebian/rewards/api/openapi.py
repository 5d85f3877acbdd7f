"""The checkout API as an OpenAPI document, made from the types by which bodies are judged; served at `/v1/coupons/openapi.json`."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import msgspec
from django.http import HttpRequest, HttpResponse, JsonResponse

from liebian.access.guard import public
from liebian.core.openapi import IDEMPOTENCY_KEY, document, responses
from liebian.rewards.api.bodies import RedeemBody, ReserveBody, RollbackBody, ValidateBody

_OPERATIONS: dict[str, tuple[str, type[msgspec.Struct]]] = {
    "validate": ("What a cart would cost with its coupons. Changes nothing", ValidateBody),
    "reserve": ("Hold the coupons of a cart for it while somebody pays", ReserveBody),
    "redeem": ("Use the coupons on an order", RedeemBody),
    "rollback": ("Let a reservation go, or give an order back, wholly or some of its lines", RollbackBody),
}
CODES: dict[int, tuple[str, ...]] = {
    400: ("bad_json", "idempotency_key"),
    401: ("shop_key",),
    404: ("reservation_not_found",),
    405: ("bad_method",),
    409: ("coupon_refused", "reservation_over", "reservation_used", "idempotency_mismatch", "reward_changed"),
    413: ("body_too_large",),
    415: ("bad_content_type",),
    422: (
        "bad_body", "cart_lines", "redeem_what", "rollback_what", "discount", "refund_line", "refund_too_large",
        "refund_not_redeemed",
    ),
    503: ("busy",),
}  # fmt: skip


@public
def openapi(request: HttpRequest) -> HttpResponse:
    return JsonResponse(describe())


@lru_cache(maxsize=1)
def describe() -> dict[str, Any]:
    bodies, components = msgspec.json.schema_components(
        [kind for _summary, kind in _OPERATIONS.values()], ref_template="#/components/schemas/{name}"
    )
    paths = {
        f"/v1/coupons/{name}": {"post": _operation(name, summary, body)}
        for (name, (summary, _kind)), body in zip(_OPERATIONS.items(), bodies, strict=True)
    }
    return document("Liebian checkout API", paths, components, CODES)


def _operation(name: str, summary: str, body: dict[str, Any]) -> dict[str, Any]:
    return {
        "operationId": name,
        "summary": summary,
        **({} if name == "validate" else {"parameters": [IDEMPOTENCY_KEY]}),
        "requestBody": {"required": True, "content": {"application/json": {"schema": body}}},
        "responses": responses(CODES),
    }
