"""Keys with which shops redeem."""

from __future__ import annotations

import secrets
from datetime import datetime

from django.db import transaction
from django.db.models import Case, F, When

from liebian.access.services import record_audit
from liebian.core import crypto
from liebian.core.errors import Conflict, Invalid, NotFound, TooMany
from liebian.core.texts import mark as _
from liebian.rewards.models import ShopKey
from liebian.rewards.queries.coupons import get_shop, view_shop_key
from liebian.rewards.types import ShopKeyView

CALLS_A_MINUTE = 600


def create_shop_key(*, name: str, actor_id: int | None, now: datetime) -> tuple[ShopKeyView, str]:
    """A key for one shop, answered in clear this once. Writes ShopKey and an audit entry. Raises Invalid, Conflict (name is taken)."""
    name = name.strip()
    if not name or len(name) > 100 or not name.isprintable():
        raise Invalid("shop_name", _("Give the shop a name of at most 100 characters."))
    key = f"sk_{secrets.token_urlsafe(30)}"
    with transaction.atomic():
        row, is_new = ShopKey.objects.get_or_create(
            name=name, defaults={"index": crypto.index_of("shop_key", key), "tail": key[-4:], "created_at": now}
        )
        if not is_new:
            raise Conflict("shop_exists", _("There is already a key for a shop called '%(name)s'."), name=name)
        record_audit(actor_id=actor_id, action="shop_key.created", subject=f"shop:{name}", now=now)
    return view_shop_key(row), key


def admit_shop(*, key: str, now: datetime) -> ShopKeyView:
    """The shop that asks for one of its customers, counted: at most `CALLS_A_MINUTE` in each minute, over all processes.

    Writes ShopKey. Raises NotSignedIn "shop_key", TooMany "too_many_calls" with `seconds`.
    """
    shop, minute = get_shop(key), int(now.timestamp()) // 60
    open_ones = ShopKey.objects.filter(pk=shop.id).exclude(minute=minute, n_calls__gte=CALLS_A_MINUTE)
    if not open_ones.update(n_calls=Case(When(minute=minute, then=F("n_calls") + 1), default=1), minute=minute):
        raise TooMany(
            "too_many_calls",
            _("A shop may ask %(most)s times a minute. Ask again in %(seconds)s seconds."),
            most=CALLS_A_MINUTE,
            seconds=60 - int(now.timestamp()) % 60,
        )
    return shop


def set_shop_key_enabled(*, key_id: int, is_enabled: bool, actor_id: int | None, now: datetime) -> ShopKeyView:
    """Let a shop redeem, or no longer. Writes ShopKey and an audit entry. Raises NotFound."""
    with transaction.atomic():
        row = ShopKey.objects.select_for_update().filter(pk=key_id).first()
        if row is None:
            raise NotFound("shop_not_found", _("There is no shop key #%(number)s."), number=key_id)
        row.is_enabled = is_enabled
        row.save(update_fields=["is_enabled"])
        action = "shop_key.enabled" if is_enabled else "shop_key.disabled"
        record_audit(actor_id=actor_id, action=action, subject=f"shop:{row.name}", now=now)
    return view_shop_key(row)
