"""The left navigation and what every staff page needs around it. By job, not by table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext_lazy as _

from liebian.access.queries import get_organisation
from liebian.events.queries import count_quarantined
from liebian.pipeline.queries import count_waiting
from liebian.pipeline.services import every_unit
from liebian.rewards.queries import count_open_alarms


@dataclass(frozen=True)
class Count:
    """What waits for somebody with a right; `tab` is the tab of its page that says the same."""

    permission: str
    count: Callable[[], int]
    tab: str = ""


@dataclass(frozen=True)
class Item:
    label: Any
    icon: str
    url_name: str
    permission: str
    prefix: str | tuple[str, ...]
    line_before: bool = False
    counts: tuple[Count, ...] = ()


_DATA_IN = ("/imports", "/sources", "/schemas", "/quarantine", "/orders", "/pipeline")
ITEMS = [
    Item(_("Home"), "home", "insights:home", "insights:view", "/home"),
    Item(_("Customers"), "users", "customers:list", "customers:view", "/customers"),
    Item(_("Tiers"), "stairs-up", "tiers:list", "tiers:view", "/tiers"),
    Item(_("Segments"), "hash", "segments:list", "segments:view", "/segments"),
    Item(_("Referral"), "affiliate", "referrals:list", "referrals:view", "/referrals", line_before=True),
    Item(
        _("Rewards"),
        "gift",
        "rewards:list",
        "rewards:view",
        "/rewards",
        counts=(Count("rewards:review", count_open_alarms),),
    ),
    Item(_("Payouts"), "cash", "payouts:batches", "payouts:view", "/payouts"),
    Item(_("Ledger"), "scale", "ledger:home", "ledger:view", "/ledger"),
    Item(
        _("Data in"),
        "database-import",
        "events:imports",
        "imports:view",
        _DATA_IN,
        line_before=True,
        counts=(
            Count("quarantine:manage", count_quarantined, tab="quarantine"),
            Count("pipeline:manage", lambda: count_waiting(every_unit()), tab="pipeline"),
        ),
    ),
    Item(_("Lake"), "database", "lake:tables", "lake:view", "/lake"),
    Item(_("Settings"), "settings", "access:settings", "access:manage", "/settings"),
]


def page_frame(request: HttpRequest) -> dict[str, Any]:
    """Context for base.html: the organisation and the items this user may open, with what waits for them there."""
    user = getattr(request, "user", None)
    frame: dict[str, Any] = {"nav_items": [], "organisation": SimpleLazyObject(get_organisation)}
    if user is None or not user.is_authenticated:
        return frame
    items: list[dict[str, Any]] = []
    waits: dict[str, Callable[[], int]] = {}
    for item in ITEMS:
        try:
            url = reverse(item.url_name)
        except NoReverseMatch:
            continue
        if user.may(item.permission):
            entry: dict[str, Any] = {"item": item, "url": url, "active": request.path.startswith(item.prefix)}
            counts = {each: cache(each.count) for each in item.counts if user.may(each.permission)}
            entry["count"] = cache(
                partial(_sum, list(counts.values()))
            )  # asked when a menu is drawn, not by every fragment
            waits |= {each.tab: count for each, count in counts.items() if each.tab}
            items.append(entry)
    return {
        **frame,
        "nav_items": items,
        "waits": waits,
        "pipeline_tab": user.may("pipeline:view"),
        "refused_tab": user.may("quarantine:view"),
    }


def _sum(counts: list[Callable[[], int]]) -> int:
    return sum(count() for count in counts)
