"""Where what a reward gave is now: a shipment, a code, days of a privilege."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import resolve, reverse

from liebian.rewards import queries
from liebian.rewards.types import MONEY, PrivilegeView, RewardView
from liebian.rewards.views.gift_words import say_privilege
from liebian.rewards.views.shipments import show_parcel


def show_holding(reward: RewardView, *, may_see_code: bool) -> dict[str, Any]:
    """For the page of a reward. Only who may hand a code over reads the whole of it."""
    if reward.offer.kind == "gift":
        parcel = queries.find_parcel_of(reward.id)
        return {"shipment": show_parcel(parcel) if parcel else None}
    if reward.offer.kind == "code":
        code = queries.find_code_of(reward)
        return {"gift_code": code if may_see_code or not code else f"…{code[-4:]}"}
    if reward.offer.kind == "privilege":
        privilege = queries.find_privilege_of(reward.id)
        return {"privilege": show_privilege(privilege, None) if privilege else None}
    return {}


def find_money_panel(request: HttpRequest, reward: RewardView) -> dict[str, str] | None:
    """Where the page of a reward of money shows how it is paid, for whoever may see that."""
    if reward.offer.kind not in MONEY:
        return None
    href = reverse(settings.MONEY_PANEL, args=[reward.id])
    may = request.user.may(getattr(resolve(href).func, "permission", ""))  # type: ignore[union-attr]
    return {"id": "money", "href": href} if may else None


def show_privilege(privilege: PrivilegeView, today: date | None) -> dict[str, Any]:
    return {
        "privilege": privilege,
        "what": say_privilege(privilege.kind, privilege.subject),
        "last_day": privilege.ends_on - timedelta(days=1),
        "is_running": today is not None and privilege.starts_on <= today < privilege.ends_on,
    }


def list_current_privileges(customer_id: int, today: date) -> list[dict[str, Any]]:
    """What holds today or will."""
    rows = queries.list_privileges([customer_id])
    return [show_privilege(each, today) for each in rows if each.ends_on > today]
