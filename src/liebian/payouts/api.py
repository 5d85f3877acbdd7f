"""What a shop's own page asks about payouts, JSON over HTTP, `/v1/payouts/…`. Owns parameters and the form of answers; decides nothing."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import msgspec
from django.http import HttpRequest, HttpResponse, JsonResponse
from msgspec import Struct

from liebian.access.guard import public
from liebian.core import clock
from liebian.core.errors import Invalid
from liebian.core.json_api import operation, read_key
from liebian.core.openapi import document, responses
from liebian.core.texts import mark as _
from liebian.customers import queries as customers
from liebian.payouts import queries
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
    [answer], schemas = msgspec.json.schema_components([WaitingPayouts], ref_template="#/components/schemas/{name}")
    path = {
        "operationId": "waiting",
        "summary": "What waits for a customer's confirmation, with what WeChat's page asks for. Changes nothing",
        "parameters": _PARAMETERS,
        "responses": responses(CODES, answer),
    }
    return document("Liebian payouts API", {"/v1/payouts/waiting": {"get": path}}, schemas, CODES)
