"""The points API as an OpenAPI document, made from the types by which bodies are judged; served at `/v1/points/openapi.json`."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import msgspec
from django.http import HttpRequest, HttpResponse, JsonResponse

from liebian.access.guard import public
from liebian.core.openapi import IDEMPOTENCY_KEY, document, responses
from liebian.rewards.api.points import MOST_ROWS
from liebian.rewards.api.points_answers import Balances, Earned, History, Moved, Spent, TakenBack
from liebian.rewards.api.points_bodies import (
    BurnBody,
    EarnBody,
    PointsReserveBody,
    ReleaseBody,
    RestoreBody,
    TakeBackBody,
    UseBody,
)

_ACTS: dict[str, tuple[str, type[msgspec.Struct], type[msgspec.Struct]]] = {
    "earn": ("Give points, at once or from a later moment on", EarnBody, Earned),
    "reserve": ("Set points aside while somebody pays", PointsReserveBody, Spent),
    "use": ("Spend what was set aside, wholly or in part", UseBody, Moved),
    "release": ("Let go what was set aside", ReleaseBody, Moved),
    "burn": ("Spend points at once", BurnBody, Spent),
    "restore": ("Give back what was spent: the same points, with the ends they had", RestoreBody, Moved),
    "take-back": ("Take back what was earned, when an order comes back", TakeBackBody, TakenBack),
}
_READS: dict[str, tuple[str, type[msgspec.Struct], tuple[str, ...]]] = {
    "balance": ("What a customer has, by programme of points", Balances, ("user_id", "programme")),
    "history": ("What happened to a customer's points", History, ("user_id", "programme", "before", "limit")),
}
_PARAMETERS: dict[str, dict[str, Any]] = {
    "user_id": {"type": "string", "minLength": 1, "maxLength": 120},
    "programme": {"type": "string", "maxLength": 30, "pattern": "^[A-Za-z0-9]*$"},
    "before": {"type": "integer", "minimum": 1, "maximum": 2**63 - 1},
    "limit": {"type": "integer", "minimum": 1, "maximum": MOST_ROWS},
}
READ_CODES: dict[int, tuple[str, ...]] = {
    401: ("shop_key",),
    404: ("customer_unknown", "points_programme_unknown"),
    405: ("bad_method",),
    422: ("user_id", "bad_number"),
    503: ("busy",),
}
CODES: dict[int, tuple[str, ...]] = {
    400: ("bad_json", "idempotency_key"),
    401: ("shop_key",),
    404: ("customer_unknown", "points_programme_unknown", "points_unknown"),
    405: ("bad_method",),
    409: ("points_refused", "idempotency_mismatch"),
    413: ("body_too_large",),
    415: ("bad_content_type",),
    422: ("bad_body", "user_id", "points_amount", "points_active_from", "bad_number"),
    503: ("busy",),
}


@public
def points_openapi(request: HttpRequest) -> HttpResponse:
    return JsonResponse(describe())


@lru_cache(maxsize=1)
def describe() -> dict[str, Any]:
    kinds = [kind for _summary, body, answer in _ACTS.values() for kind in (body, answer)]
    kinds += [answer for _summary, answer, _names in _READS.values()]
    found, schemas = msgspec.json.schema_components(kinds, ref_template="#/components/schemas/{name}")
    refs = iter(found)
    paths = {
        f"/v1/points/{name}": {"post": _act(name, summary, next(refs), next(refs))}
        for name, (summary, _body, _answer) in _ACTS.items()
    }
    for name, (summary, _answer, parameters) in _READS.items():
        paths[f"/v1/points/{name}"] = {"get": _read(name, summary, parameters, next(refs))}
    return document("Liebian points API", paths, schemas, CODES)


def _act(name: str, summary: str, body: Mapping[str, Any], answer: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "operationId": name,
        "summary": summary,
        "parameters": [IDEMPOTENCY_KEY],
        "requestBody": {"required": True, "content": {"application/json": {"schema": dict(body)}}},
        "responses": responses(CODES, answer),
    }


def _read(name: str, summary: str, parameters: tuple[str, ...], answer: Mapping[str, Any]) -> dict[str, Any]:
    said = [
        {"name": each, "in": "query", "required": each == "user_id", "schema": _PARAMETERS[each]} for each in parameters
    ]
    return {
        "operationId": name,
        "summary": summary,
        "parameters": said,
        "responses": responses(READ_CODES, answer),
    }
