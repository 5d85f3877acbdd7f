"""The tracking API as an OpenAPI document, made from the constants by which requests are judged; served at `/v1/openapi.json`.

Owns: which code comes with which status. Does not own: the rules themselves (`schemas`, `rules`, `checking`).
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import msgspec

from liebian.events import schemas
from liebian.events.checking.types import VIOLATION_CODES
from liebian.events.rules import MAX_DEPTH, PUBLIC_TYPES
from liebian.events.rules.drafts import MAX_ID, MAX_NAME

PATH = "/v1/openapi.json"
# What a message can be refused or quarantined for, whatever surrounds it.
MESSAGE_CODES = (
    "bad_shape", "bad_type", "bad_event", "event_missing", "id_missing", "bad_id", "bad_timestamp", "bad_number",
    "bad_text", "too_deep",
)  # fmt: skip
CODES: dict[int, tuple[str, ...]] = {
    400: ("bad_json", "bad_gzip", "batch_missing", *MESSAGE_CODES),
    401: ("write_key_missing", "write_key_unknown"),
    403: ("origin_not_allowed",),
    405: ("bad_method",),
    413: ("body_too_large", "event_too_large"),
    415: ("bad_content_type", "bad_encoding"),
    429: ("rate_limited", "overloaded"),
    503: ("log_busy", "log_away", "stopping"),
}
NOTE_CODES = (*MESSAGE_CODES, "event_too_large", *VIOLATION_CODES)
_MEANINGS = {
    400: "The body cannot be read. Mend it.",
    401: "No active source has this write key.",
    403: "The source does not take this page's messages.",
    405: "Only POST is understood.",
    413: "Too large. Send smaller pieces.",
    415: "Neither JSON nor gzip.",
    429: "Too fast. Send the same body again.",
    503: "Nothing was written. Send the same body again.",
}
_SAID = {
    "identify": "Who somebody is, and what is known of them",
    "track": "What somebody did",
    "page": "Which page somebody saw",
    "screen": "Which screen of an app somebody saw",
    "group": "Which group somebody belongs to",
    "alias": "Under which other id somebody is known",
}
_ID: dict[str, Any] = {"anyOf": [{"type": "string", "maxLength": MAX_ID}, {"type": "integer"}]}
_TIME: dict[str, Any] = {"type": "string", "format": "date-time"}
_OBJECT: dict[str, Any] = {"type": "object"}


@lru_cache(maxsize=1)
def document() -> bytes:
    """The whole document as JSON."""
    return msgspec.json.encode(describe())


def describe() -> dict[str, Any]:
    """The whole document as plain values."""
    paths = {
        f"/v1/{kind}": {"post": _operation(kind, _SAID[kind], f"{kind}", schemas.MAX_EVENT)} for kind in PUBLIC_TYPES
    }
    paths["/v1/batch"] = {"post": _operation("batch", "Several messages at once", "batch", schemas.MAX_BATCH)}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Liebian tracking API",
            "version": "1",
            "description": "The Segment HTTP protocol. A 200 says that the messages are committed.",
        },
        "paths": paths,
        "security": [{"writeKey": []}, {}],
        "components": {
            "securitySchemes": {
                "writeKey": {
                    "type": "http", "scheme": "basic",
                    "description": "The source's write key as user, without a password. Or `writeKey` in the body.",
                }
            },
            "schemas": {
                **{kind: _message(kind) for kind in PUBLIC_TYPES},
                "message": {"oneOf": [_of_kind(kind) for kind in PUBLIC_TYPES]},
                "batch": _batch(),
                "receipt": _receipt(),
                **{f"refusal{status}": _refusal(codes) for status, codes in CODES.items()},
            },
        },
    }  # fmt: skip


def _operation(kind: str, summary: str, schema: str, limit: int) -> dict[str, Any]:
    content = {"schema": _ref(schema)}
    return {
        "operationId": kind,
        "summary": summary,
        "requestBody": {
            "required": True,
            "description": f"At most {limit} bytes, packed and unpacked; `Content-Encoding: gzip` is understood.",
            "content": {"application/json": content, "text/plain": content},
        },
        "responses": {
            "200": {"description": "Committed.", "content": {"application/json": {"schema": _ref("receipt")}}},
            **{str(status): _answer(status) for status in CODES},
        },
    }


def _answer(status: int) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "description": _MEANINGS[status],
        "content": {"application/json": {"schema": _ref(f"refusal{status}")}},
    }
    if status in {429, 503}:
        answer["headers"] = {
            "Retry-After": {"required": True, "description": "Seconds", "schema": {"type": "integer", "minimum": 1}}
        }
    return answer


def _message(kind: str) -> dict[str, Any]:
    """One message. More fields are allowed; what is not named here is not looked at."""
    properties: dict[str, Any] = {
        "userId": _ID, "anonymousId": _ID, "messageId": _ID, "timestamp": _TIME, "originalTimestamp": _TIME, "sentAt": _TIME,
        "context": _OBJECT, "integrations": _OBJECT, "writeKey": {"type": "string"},
    }  # fmt: skip
    properties |= _FIELDS[kind]
    found: dict[str, Any] = {
        "type": "object",
        "description": f"At most {schemas.MAX_EVENT} bytes and {MAX_DEPTH} levels; numbers fit in 64 bits.",
        "properties": properties,
        "anyOf": [{"required": ["userId"]}, {"required": ["anonymousId"]}],
    }
    if kind == "track":
        found["required"] = ["event"]
    return found


_NAME: dict[str, Any] = {"type": "string", "description": f"Cut after {MAX_NAME} characters."}
_FIELDS: dict[str, dict[str, Any]] = {
    "identify": {"traits": _OBJECT},
    "track": {"event": {**_NAME, "minLength": 1}, "properties": _OBJECT},
    "page": {"name": _NAME, "category": {"type": "string"}, "properties": _OBJECT},
    "screen": {"name": _NAME, "category": {"type": "string"}, "properties": _OBJECT},
    "group": {"groupId": _ID, "traits": _OBJECT},
    "alias": {"previousId": _ID},
}


def _of_kind(kind: str) -> dict[str, Any]:
    return {"allOf": [_ref(kind), {"required": ["type"], "properties": {"type": {"const": kind}}}]}


def _batch() -> dict[str, Any]:
    properties = {
        "batch": {"type": "array", "items": _ref("message")}, "sentAt": _TIME, "context": _OBJECT, "writeKey": {"type": "string"},
    }  # fmt: skip
    return {"type": "object", "required": ["batch"], "properties": properties}


def _receipt() -> dict[str, Any]:
    count = {"type": "integer", "minimum": 0}
    note = _closed(index=count, code={"enum": list(NOTE_CODES)}, message={"type": "string", "minLength": 1})
    receipt = _closed(success={"const": True}, accepted=count, duplicates=count, quarantined=count)
    receipt["properties"]["messages"] = {"type": "array", "minItems": 1, "items": note}
    return receipt


def _refusal(codes: tuple[str, ...]) -> dict[str, Any]:
    error = _closed(code={"enum": list(codes)}, message={"type": "string", "minLength": 1})
    error["properties"]["details"] = _OBJECT
    return _closed(error=error)


def _closed(**properties: Any) -> dict[str, Any]:
    """An object with exactly these properties, each of them required."""
    return {
        "type": "object", "required": list(properties), "properties": dict(properties), "additionalProperties": False,
    }  # fmt: skip


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}
