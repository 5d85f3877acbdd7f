"""What a key that was used before means."""

from __future__ import annotations

from liebian.core.errors import Conflict
from liebian.core.texts import mark as _


def mismatch(key: str) -> Conflict:
    return Conflict(
        "idempotency_mismatch",
        _("Points were already moved once under this key, with other figures. Nothing was moved; use another key."),
        key=key,
    )
