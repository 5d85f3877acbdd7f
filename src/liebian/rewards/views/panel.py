"""What one customer was given, what is on its way, and what was refused, with the reason in words."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from liebian.access.guard import requires
from liebian.core import clock
from liebian.core.days import day_of
from liebian.rewards import queries
from liebian.rewards.rules import name_of_points
from liebian.rewards.types import GIVEN, PAYABLE, POINTS, RESERVED, CouponView, RewardView
from liebian.rewards.views.holdings import list_current_privileges
from liebian.rewards.views.words import role_words, words_of

SHOWN = 8


IN_HAND = RESERVED | PAYABLE | GIVEN
COUPONS = {"issued": _("unused"), "redeemed": _("used"), "void": _("taken back"), "expired": _("expired")}


@requires("rewards:view")
def customer_panel(request: HttpRequest, customer_id: int) -> HttpResponse:
    found = queries.list_rewards(customer_id=customer_id, limit=SHOWN + 1)
    context = {
        "rows": [_row(each) for each in found[:SHOWN]],
        "has_more": len(found) > SHOWN,
        "n_shown": SHOWN,
        "points": queries.points_balance(customer_id),
        "other_points": _other_points(customer_id),
        "customer_id": customer_id,
        "has_points": bool(queries.list_programmes_of(customer_id)),
        "may_points": bool(request.user.may("rewards:points")),  # type: ignore[union-attr]
        "privileges": list_current_privileges(customer_id, day_of(clock.now(), settings.TIME_ZONE)),
        "coupons": [_coupon(each) for each in queries.list_coupons(customer_id)[:SHOWN]],
    }
    return render(request, "rewards/_customer_panel.html", context)


def _other_points(customer_id: int) -> list[tuple[str, int]]:
    """What the customer can spend in programmes of points that have a name."""
    assets = [asset for asset in queries.list_programmes_of(customer_id) if asset != POINTS]
    now = clock.now()
    return [
        (name_of_points(each), queries.get_points_balance(customer_id, at=now, asset=each).active) for each in assets
    ]


def _row(reward: RewardView) -> dict[str, Any]:
    code = reward.told_reason or ("in_hold" if reward.state == "held" else "")
    return {
        "reward": reward,
        "state": words_of(reward.state, is_on_hold=reward.is_on_hold),
        "role": role_words(reward.role),
        "kept": reward.kept_amount if reward.state in IN_HAND else 0,
        "code": code,
        "reason": gettext(queries.get_reason(code).staff) if code else "",
    }


def _coupon(coupon: CouponView) -> dict[str, Any]:
    return {
        "coupon": coupon,
        "state": COUPONS[coupon.state],
        "last_day": coupon.expires_on - timedelta(days=1),
        "tail": coupon.code[-4:],
    }
