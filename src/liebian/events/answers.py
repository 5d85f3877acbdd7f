"""Answers of the tracking API as bytes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from typing import Any

import msgspec

from liebian.core.errors import Invalid, LiebianError
from liebian.events.types import Outcome

Header = tuple[bytes, bytes]
_JSON = (b"content-type", b"application/json")


def receipt(outcome: Outcome, notes: Sequence[dict[str, Any]]) -> bytes:
    """What became of the messages; `notes` names those that wait in quarantine."""
    body: dict[str, Any] = {
        "success": True,
        "accepted": outcome.accepted,
        "duplicates": outcome.duplicates,
        "quarantined": outcome.quarantined,
    }
    if notes:
        body["messages"] = notes
    return msgspec.json.encode(body)


def refusal(error: LiebianError) -> tuple[int, bytes]:
    """(status, body). A message that cannot be kept is the sender's mistake: 400, or 413 when it is too large."""
    status = 413 if error.code == "event_too_large" else 400 if isinstance(error, Invalid) else error.status
    body: dict[str, Any] = {"code": error.code, "message": error.message}
    if error.details:
        body["details"] = error.details
    return status, msgspec.json.encode({"error": body}, enc_hook=str)


def refusal_headers(status: int, error: LiebianError) -> list[Header]:
    match status:
        case 401:
            return [(b"www-authenticate", b'Basic realm="write key"')]
        case 405:
            return [(b"allow", b"POST, OPTIONS")]
        case 429 | 503:
            return [(b"retry-after", str(error.details.get("seconds", 1)).encode())]
        case _:
            return []


async def send_answer(
    send: Callable[[MutableMapping[str, Any]], Awaitable[None]], status: int, body: bytes, headers: Sequence[Header]
) -> None:
    content = [] if status == 204 else [_JSON, (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": [*content, *headers]})
    await send({"type": "http.response.body", "body": body})
