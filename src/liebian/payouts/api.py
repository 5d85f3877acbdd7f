"""What a shop's own page asks about payouts, JSON over HTTP, `/v1/payouts/…`. Owns parameters and the form of answers; decides nothing."""

from __future__ import annotations

from functools import lru_cache
from typing import Annotated, Any, Literal

import msgspec
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from msgspec import Meta, Struct

from liebian.access.guard import public
from liebian.core import clock
from liebian.core.errors import Invalid
from liebian.core.json_api import decode, operation, read_body, read_key
from liebian.core.openapi import document, responses
from liebian.core.texts import mark as _
from liebian.customers import queries as customers
from liebian.payouts import queries, services
from liebian.rewards import services as rewards

LARGEST = 2**63 - 1
CODES: dict[int, tuple[str, ...]] = {
    401: ("shop_key",),
    404: ("customer_unknown",),
    405: ("bad_method",),
    422: ("user_id", "reward"),
    429: ("too_many_calls",),
    503: ("busy",),
}
PAYEE_CODES: dict[int, tuple[str, ...]] = {
    400: ("bad_json",),
    401: ("shop_key",),
    404: ("customer_unknown",),
    405: ("bad_method",),
    413: ("body_too_large",),
    415: ("bad_content_type",),
    422: ("bad_body", "user_id", "payee_openid", "payee_name", "payee_number"),
    429: ("too_many_calls",),
    503: ("busy",),
}
MAX_BODY = 16 * 1024
Short = Annotated[str, Meta(max_length=64, pattern=r"^[^\x00-\x1f\x7f]*$")]
_PARAMETERS = [
    {
        "name": "user_id", "in": "query", "required": True, "description": "The customer, by the id that your events carry",
        "schema": {"type": "string", "minLength": 1, "maxLength": 120},
    },
    {"name": "reward", "in": "query", "required": False, "description": "This reward only", "schema": {"type": "integer", "minimum": 1}},
]  # fmt: skip


class WaitingPayout(Struct):
    """One payout to confirm. The first three go into `wx.requestMerchantTransfer`; the amount is in the smallest unit, such as fen."""

    mch_id: str
    app_id: str
    package_info: str
    payout: int
    reward: int
    name: str
    amount_minor: int
    currency: str
    sent_at: str


class WaitingPayouts(Struct):
    """Oldest first; empty when nothing waits."""

    waiting: list[WaitingPayout]


class PayeeBody(Struct, forbid_unknown_fields=True):
    """Where a customer's money goes: `openid` for WeChat, with the name where WeChat is to check it; otherwise holder, number, bank."""

    user_id: Annotated[str, Meta(min_length=1, max_length=120)]
    way: Literal["wechat", "bank_file", "manual"]
    openid: Short = ""
    name: Short = ""
    number: Short = ""
    bank: Short = ""


class KnownPayee(Struct):
    """`goes_to` is covered: enough to recognise it."""

    way: str
    goes_to: str


@public
@operation("GET", realm="payouts")
def waiting(request: HttpRequest) -> tuple[int, dict[str, Any]]:
    rewards.admit_shop(key=read_key(request.headers.get("Authorization", "")), now=clock.now())
    person = customers.get_by_user_id(request.GET.get("user_id", ""))
    found = queries.list_to_confirm(person.id, reward_id=_read_reward(request))
    told = [
        WaitingPayout(
            each.merchant, each.app, each.package, each.payout_id, each.reward_id, each.name, each.net_minor,
            each.currency, each.sent_at.isoformat(),
        )
        for each in found
    ]  # fmt: skip
    return 200, msgspec.to_builtins(WaitingPayouts(told))


@public
@csrf_exempt
@operation("POST", realm="payouts")
def payee(request: HttpRequest) -> tuple[int, dict[str, Any]]:
    """The same again changes nothing, so a request whose answer was lost is simply sent again."""
    now = clock.now()
    shop = rewards.admit_shop(key=read_key(request.headers.get("Authorization", "")), now=now)
    body = decode(read_body(request, MAX_BODY), PayeeBody)
    person = customers.get_by_user_id(body.user_id)
    details = {name: getattr(body, name) for name in ("openid", "name", "number", "bank")}
    hint = services.set_payee(
        customer_id=person.id, adapter=body.way, details=details, actor=None, now=now, shop=shop.name
    )
    return 200, msgspec.to_builtins(KnownPayee(body.way, hint))


def _read_reward(request: HttpRequest) -> int | None:
    said = request.GET.get("reward", "")
    if not said:
        return None
    if not (said.isascii() and said.isdecimal() and len(said) < 20 and 0 < int(said) <= LARGEST):
        raise Invalid("reward", _("A reward is a whole number."))
    return int(said)


@public
def openapi(request: HttpRequest) -> HttpResponse:
    return JsonResponse(describe())


@lru_cache(maxsize=1)
def describe() -> dict[str, Any]:
    [answer, body, known], schemas = msgspec.json.schema_components(
        [WaitingPayouts, PayeeBody, KnownPayee], ref_template="#/components/schemas/{name}"
    )
    payee_path = {
        "operationId": "payee",
        "summary": "Say where a customer's money goes from the next batch on. The same again changes nothing",
        "requestBody": {"required": True, "content": {"application/json": {"schema": body}}},
        "responses": responses(PAYEE_CODES, known),
    }
    path = {
        "operationId": "waiting",
        "summary": "What waits for a customer's confirmation, with what WeChat's page asks for. Changes nothing",
        "parameters": _PARAMETERS,
        "responses": responses(CODES, answer),
    }
    paths = {"/v1/payouts/waiting": {"get": path}, "/v1/payouts/payee": {"post": payee_path}}
    every = sorted({*CODES, *PAYEE_CODES})
    codes = {status: tuple(dict.fromkeys((*CODES.get(status, ()), *PAYEE_CODES.get(status, ())))) for status in every}
    return document("Liebian payouts API", paths, schemas, codes)
