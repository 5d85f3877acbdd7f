"""Bodies of the tracking API: bounded, unpacked, decoded, cut into messages. Every refusal has a status and a code."""

from __future__ import annotations

import base64
import binascii
import re
import zlib
from typing import Any

import msgspec

from liebian.core.errors import Invalid, LiebianError
from liebian.core.texts import mark as _
from liebian.events.rules import MAX_DEPTH

MAX_EVENT = 32 * 1024
MAX_BATCH = 500 * 1024
# Only the product itself may name a customer by its id; the others say nothing of the event.
_NOT_THEIRS = ("customerId", "writeKey", "integrations", "receivedAt")
_PAIRS = bytes.maketrans(b"[]", b"{}")
_NO_BRACKETS = bytes(byte for byte in range(256) if byte not in b"[]{}")
_DIGITS = bytes(48 if 48 <= byte < 58 else 32 for byte in range(256))
_EXPONENTS = bytes.maketrans(b":[]}E", b",,,,e")
_NUMBER_PARTS = b"0123456789+-. \t\r\n"
_LONG_NUMBER = re.compile(rb"[:,\[\s]-?\d{19}")
_JSON_TYPES = {"", "application/json", "text/plain"}  # text/plain: what a browser's beacon can send


class Refused(LiebianError):
    """A request that is turned away before its messages are looked at."""

    def __init__(self, status: int, code: str, message: str, **details: Any) -> None:
        super().__init__(code, message, **details)
        self.status = status


def check_content_type(content_type: str) -> None:
    if content_type.partition(";")[0].strip().lower() not in _JSON_TYPES:
        raise Refused(415, "bad_content_type", _("Send application/json."))


def unpack(raw: bytes, encoding: str, limit: int) -> bytes:
    """The body as sent by the client, with at most `limit` bytes before and after unpacking."""
    if len(raw) > limit:
        raise too_large(limit)
    match encoding.strip().lower():
        case "" | "identity":
            return raw
        case "gzip":
            return _gunzip(raw, limit)
        case _:
            raise Refused(415, "bad_encoding", _("Send the body as it is, or with Content-Encoding: gzip."))


def too_large(limit: int) -> Refused:
    return Refused(
        413, "body_too_large", _("The body may have %(limit)s bytes at most. Send smaller batches."), limit=limit
    )


def _gunzip(raw: bytes, limit: int) -> bytes:
    unpacker = zlib.decompressobj(wbits=31)
    try:
        data = unpacker.decompress(raw, limit + 1)
    except zlib.error:
        raise Refused(400, "bad_gzip", _("The body is not gzip although it says so.")) from None
    if len(data) > limit:
        raise too_large(limit)
    if not unpacker.eof:
        raise Refused(400, "bad_gzip", _("The gzip body ends too early. Send it again."))
    return data


def decode_object(data: bytes) -> dict[str, Any]:
    try:
        value = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeError, ValueError, RecursionError):
        raise Refused(400, "bad_json", _("The body is not JSON in UTF-8.")) from None
    if not isinstance(value, dict):
        raise Refused(400, "bad_json", _("The body must be a JSON object."))
    return value


def has_odd_values(data: bytes) -> bool:
    """Whether the JSON text may hold what `check_values` refuses: NUL, a number beyond 64 bits, deep nesting.

    Looks at the text as a whole, a few C loops over it, so that the values of an ordinary batch need not be walked. It may
    say yes for nothing (a long number inside a text), never no for something.

    >>> [has_odd_values(text) for text in (b'{"a": "x, y 1e5", "b": [1.5]}', b'{"a": 1e400}', b'{"a":"\\\\u0000"}')]
    [False, True, True]
    >>> [has_odd_values(text) for text in (b'{"a":9223372036854775808}', b'{"a":' * 30 + b"1" + b"}" * 30)]
    [True, True]
    """
    if b"\\u0000" in data:
        return True
    if b"0000000000000000000" in data.translate(_DIGITS) and _LONG_NUMBER.search(data):
        return True
    if b",e," in data.translate(_EXPONENTS, _NUMBER_PARTS):
        return True
    brackets = data.translate(_PAIRS, _NO_BRACKETS)
    for _level in range(MAX_DEPTH):
        if not brackets:
            return False
        brackets = brackets.replace(b"{}", b"")
    return bool(brackets)


def read_basic_user(header: str) -> str | None:
    """The user of an HTTP Basic header: that is where SDKs put the write key."""
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        user = base64.b64decode(encoded.strip(), validate=True).decode().partition(":")[0]
    except (binascii.Error, UnicodeError, ValueError):
        return None
    return user or None


def read_single(kind: str, body: dict[str, Any]) -> dict[str, Any]:
    return _own({**body, "type": kind})


def read_batch(body: dict[str, Any]) -> list[Any]:
    """The messages of a batch; what the batch says of all of them (sentAt, context) goes into each."""
    messages = body.get("batch")
    if not isinstance(messages, list):
        raise Invalid("batch_missing", _("The body needs `batch`, a list of messages."))
    shared = {field: body[field] for field in ("sentAt", "context") if body.get(field)}
    return [_own({**shared, **message}) if isinstance(message, dict) else message for message in messages]


def _own(message: dict[str, Any]) -> dict[str, Any]:
    for field in _NOT_THEIRS:
        message.pop(field, None)
    return message
