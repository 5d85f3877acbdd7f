"""What a shop's own page does for a customer's gifts, `/v1/rewards/…`: lists them, and says where one goes. Decides nothing."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import msgspec
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from msgspec import Struct

from liebian.access.guard import public
from liebian.core import clock
from liebian.core.json_api import decode, operation, read_body, read_key
from liebian.core.openapi import IDEMPOTENCY_KEY, document, responses
from liebian.customers import queries as customers
from liebian.rewards import queries, services
from liebian.rewards.api.bodies import MAX_BODY, AddressBody
from liebian.rewards.api.once import answer_once
from liebian.rewards.api.own import CODES as OWN_CODES
from liebian.rewards.api.own import OwnRewards, describe_own
from liebian.rewards.types import ParcelView, PostalAddress, ShopKeyView

REALM = "rewards"
LIST_CODES: dict[int, tuple[str, ...]] = {
    401: ("shop_key",),
    404: ("customer_unknown",),
    405: ("bad_method",),
    422: ("user_id",),
    429: ("too_many_calls",),
    503: ("busy",),
}
ADDRESS_CODES: dict[int, tuple[str, ...]] = {
    400: ("bad_json", "idempotency_key"),
    401: ("shop_key",),
    404: ("customer_unknown", "reward_not_found"),
    405: ("bad_method",),
    409: ("gift_not_due", "parcel_left", "idempotency_mismatch"),
    413: ("body_too_large",),
    415: ("bad_content_type",),
    422: ("bad_body", "user_id", "address_incomplete", "address_phone", "address_long"),
    429: ("too_many_calls",),
    503: ("busy",),
}


class Gift(Struct):
    """A shipment: to_pack and packed take an address. `goes_to` is covered: enough to recognise it."""

    reward: int
    gift: str
    state: str
    takes_address: bool
    goes_to: str
    carrier: str
    tracking: str


class Gifts(Struct):
    """Newest first."""

    gifts: list[Gift]


@public
@operation("GET", realm=REALM)
def gifts(request: HttpRequest) -> tuple[int, dict[str, Any]]:
    _admit(request)
    person = customers.get_by_user_id(request.GET.get("user_id", ""))
    found = queries.list_parcels_of(customers.list_ids_of(person.id))
    return 200, msgspec.to_builtins(Gifts([_show(each) for each in found]))


@public
@csrf_exempt
@operation("POST", realm=REALM)
def address(request: HttpRequest, reward_id: int) -> tuple[int, dict[str, Any]]:
    shop, body, now = _admit(request), decode(read_body(request, MAX_BODY), AddressBody), clock.now()

    def act() -> dict[str, Any]:
        parcel = services.set_own_address(
            reward_id=reward_id,
            customer_id=customers.get_by_user_id(body.user_id).id,
            address=PostalAddress(body.recipient, body.phone, body.region, body.line, body.postcode),
            shop=shop.name,
            now=now,
        )
        shown: dict[str, Any] = msgspec.to_builtins(_show(parcel))
        return shown

    return answer_once(shop, request.headers.get("Idempotency-Key", ""), f"address:{reward_id}", body, act, now)


def _admit(request: HttpRequest) -> ShopKeyView:
    return services.admit_shop(key=read_key(request.headers.get("Authorization", "")), now=clock.now())


def _show(parcel: ParcelView) -> Gift:
    return Gift(
        reward=parcel.reward_id,
        gift=parcel.gift,
        state=parcel.state,
        takes_address=parcel.takes_address,
        goes_to=parcel.covered,
        carrier=parcel.carrier,
        tracking=parcel.tracking,
    )


@public
def openapi(request: HttpRequest) -> HttpResponse:
    return JsonResponse(describe())


@lru_cache(maxsize=1)
def describe() -> dict[str, Any]:
    [listed, gift, body, own], schemas = msgspec.json.schema_components(
        [Gifts, Gift, AddressBody, OwnRewards], ref_template="#/components/schemas/{name}"
    )
    user = {
        "name": "user_id",
        "in": "query",
        "required": True,
        "schema": {"type": "string", "minLength": 1, "maxLength": 120},
    }
    reward = {"name": "reward_id", "in": "path", "required": True, "schema": {"type": "integer", "minimum": 1}}
    paths = {
        "/v1/rewards": {"get": describe_own(own)},
        "/v1/rewards/gifts": {
            "get": {
                "operationId": "gifts",
                "summary": "The gifts of a customer that are or were packed, and where they go",
                "parameters": [user],
                "responses": responses(LIST_CODES, listed),
            }
        },
        "/v1/rewards/{reward_id}/address": {
            "post": {
                "operationId": "address",
                "summary": "Say or change where a customer's gift goes, until it has left",
                "parameters": [reward, IDEMPOTENCY_KEY],
                "requestBody": {"required": True, "content": {"application/json": {"schema": body}}},
                "responses": responses(ADDRESS_CODES, gift),
            }
        },
    }
    codes = {
        status: tuple(dict.fromkeys((*LIST_CODES.get(status, ()), *ADDRESS_CODES[status], *OWN_CODES.get(status, ()))))
        for status in ADDRESS_CODES
    }
    return document("Liebian rewards API", paths, schemas, codes)
