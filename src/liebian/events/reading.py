"""From the bytes of a request to drafts and misfits."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from datetime import datetime
from typing import Any

from liebian.core.errors import Invalid
from liebian.events import schemas
from liebian.events.rules import Draft, Violated, check_public, key_of_misfit, parse_message
from liebian.events.services.intake import Misfit

MAX_NAME = 200
MAX_DRAIN = 4 * 1024 * 1024


async def read_body(receive: Callable[[], Awaitable[MutableMapping[str, Any]]], declared: str, limit: int) -> bytes:
    """The body, never more of it in memory than `limit` and a piece. Raises Refused (413), ConnectionResetError.

    A body that is somewhat too large is let go by: a sender whose connection breaks while it sends never reads the answer.
    """
    is_large = declared.isascii() and declared.isdigit() and int(declared[:18]) > limit
    if is_large and int(declared[:18]) > MAX_DRAIN:
        raise schemas.too_large(limit)
    parts: list[bytes] = []
    size = 0
    while True:
        event = await receive()
        if event["type"] == "http.disconnect":
            raise ConnectionResetError
        part = event.get("body", b"")
        size += len(part)
        if is_large or size > limit:
            is_large = True
            parts.clear()
            if size > MAX_DRAIN:
                raise schemas.too_large(limit)
        else:
            parts.append(part)
        if not event.get("more_body"):
            if is_large:
                raise schemas.too_large(limit)
            return parts[0] if len(parts) == 1 else b"".join(parts)


def parse_all(
    messages: list[Any], *, source: str, received_at: datetime, check: Any, are_values_safe: bool, is_batch: bool
) -> tuple[list[Draft], list[Misfit], list[dict[str, Any]]]:
    """(drafts, misfits, a note for each misfit). A single message that is not well formed raises Invalid instead."""
    drafts: list[Draft] = []
    misfits: list[Misfit] = []
    notes: list[dict[str, Any]] = []
    for index, message in enumerate(messages):
        try:
            drafts.append(
                parse_message(
                    check_public(message), source=source, received_at=received_at,
                    are_values_safe=are_values_safe, check=check,
                )
            )  # fmt: skip
        except Invalid as error:
            if not is_batch and not isinstance(error, Violated):
                raise
            misfits.append(_misfit(message, error, source, received_at))
            notes.append({"index": index, "code": error.code, "message": error.message})
    return drafts, misfits, notes


def _misfit(message: Any, error: Invalid, source: str, received_at: datetime) -> Misfit:
    key, is_dated = key_of_misfit(message, source, received_at)
    args = dict(error.details)
    reasons = (
        error.reasons
        if isinstance(error, Violated)
        else [{"code": error.code, "field": str(args.pop("field", "")), "args": args}]
    )
    said = message if isinstance(message, dict) else {}
    name = said.get("event") or said.get("name")
    return Misfit(
        key, is_dated, _text(said.get("type"), 10), _text(name, MAX_NAME), error.code, reasons, message
    )  # fmt: skip


def _text(value: object, length: int) -> str:
    return value.replace("\x00", "")[:length] if isinstance(value, str) else ""
