"""Opaque cursors of keyset paging: the sort values of the row where a page ends, as text that survives an address.

>>> decode(encode("seen", 1760000000000, 42), size=3)
['seen', 1760000000000, 42]
"""

from __future__ import annotations

import base64
import binascii
from typing import Any

import msgspec

from liebian.core.errors import Invalid
from liebian.core.texts import mark as _


def encode(*values: str | int | None) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(values)).decode().rstrip("=")


def decode(text: str, *, size: int) -> list[Any]:
    """The values again. Raises Invalid "bad_cursor" when the text was cut or made up."""
    try:
        values = msgspec.json.decode(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (binascii.Error, ValueError, UnicodeError, msgspec.DecodeError):
        values = None
    if not isinstance(values, list) or len(values) != size:
        raise bad_cursor()
    return values


def bad_cursor() -> Invalid:
    return Invalid("bad_cursor", _("The address of this page is not complete. Open the list from its start."))
