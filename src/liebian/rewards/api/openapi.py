"""The checkout API as an OpenAPI document, made from the types by which bodies are judged; served at `/v1/coupons/openapi.json`."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import msgspec
from django.http import HttpRequest, HttpResponse, JsonResponse

from liebian.access.guard import public
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
    return {
        "openapi": "3.1.0",
        "info": {"title": "Liebian checkout API", "version": "1"},
        "paths": paths,
        "security": [{"shopKey": []}],
        "components": {
            "securitySchemes": {"shopKey": {"type": "http", "scheme": "bearer"}},
            "schemas": {**components, **{f"Error{status}": _error(codes) for status, codes in CODES.items()}},
        },
    }


def _operation(name: str, summary: str, body: dict[str, Any]) -> dict[str, Any]:
    key = {
        "name": "Idempotency-Key",
        "in": "header",
        "required": True,
        "description": "New for each request; a repeat under the same key has the same answer and changes nothing.",
        "schema": {"type": "string", "minLength": 1, "maxLength": 120},
    }
    return {
        "operationId": name,
        "summary": summary,
        **({} if name == "validate" else {"parameters": [key]}),
        "requestBody": {"required": True, "content": {"application/json": {"schema": body}}},
        "responses": {
            "200": {"description": "Done.", "content": {"application/json": {"schema": {"type": "object"}}}},
            **{
                str(status): {
                    "description": ", ".join(codes),
                    "content": {"application/json": {"schema": {"$ref": f"#/components/schemas/Error{status}"}}},
                }
                for status, codes in CODES.items()
            },
        },
    }


def _error(codes: tuple[str, ...]) -> dict[str, Any]:
    inner = {
        "type": "object",
        "required": ["code", "message"],
        "properties": {
            "code": {"enum": list(codes)},
            "message": {"type": "string"},
            "details": {"type": "object"},
        },
    }
    return {"type": "object", "required": ["error"], "properties": {"error": inner}}
