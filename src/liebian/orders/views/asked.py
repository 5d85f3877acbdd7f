"""What a request about order events names."""

from __future__ import annotations

from django.http import HttpRequest, QueryDict

_MAX_ID = 2**63 - 1


def number_of(text: str | None) -> int | None:
    text = text or ""
    return int(text) if text.isascii() and text.isdigit() and int(text[:20]) <= _MAX_ID and len(text) <= 20 else None


def event_of(given: QueryDict) -> int | None:
    """None when no event is named. A number that cannot be is that of no event, rather than none named."""
    if "event" not in given:
        return None
    found = number_of(given.get("event"))
    return -1 if found is None else found


def text_of(given: QueryDict, name: str, most: int) -> str:
    return given.get(name, "").replace("\x00", "")[:most]


def actor_of(request: HttpRequest) -> int:
    return int(request.user.pk or 0)
