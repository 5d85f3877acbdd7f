"""One answer for one Idempotency-Key: the same request again is answered, not done."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime
from typing import Any

import msgspec
from django.db import transaction

from liebian.core.errors import LiebianError
from liebian.core.json_api import Refused, say_error
from liebian.core.texts import mark as _
from liebian.rewards import services
from liebian.rewards.types import ShopKeyView


def answer_once(
    shop: ShopKeyView,
    key: str,
    operation: str,
    body: Any,
    act: Callable[[], dict[str, Any]],
    now: datetime,
    *,
    tell: Callable[[LiebianError], dict[str, Any]] = say_error,
) -> tuple[int, dict[str, Any]]:
    """Raises Refused "idempotency_key", Conflict "idempotency_mismatch", and what `act` raises that is no answer."""
    if not 0 < len(key) <= 120 or not key.isprintable():
        raise Refused(
            400, "idempotency_key", _("Send a header Idempotency-Key of 1 to 120 signs, new for each request.")
        )
    said = operation.encode() + b"\n" + msgspec.json.encode(body, order="deterministic")
    with transaction.atomic():
        return services.answer_once(
            shop=shop.name, key=key, body_hash=hashlib.sha256(said).hexdigest(), act=act, tell=tell, now=now
        )
