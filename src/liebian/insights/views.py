"""The home page."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from liebian.access.guard import public, requires
from liebian.core import clock
from liebian.insights.queries import BEHIND_LIMIT, Home, get_home
from liebian.orders.queries import find_order
from liebian.ui import charts, formats


@public
def root(request: HttpRequest) -> HttpResponse:
    return redirect("insights:home")


@requires("insights:view")
def home(request: HttpRequest) -> HttpResponse:
    now = clock.now()
    found = get_home(now=now)
    context = {
        "home": found,
        "now": now,
        "chart": _revenue_chart(found) if found.has_data else None,
        "behind_limit": BEHIND_LIMIT,
        "may_see_rewards": request.user.may("rewards:view"),  # type: ignore[union-attr]
    }
    return render(request, "insights/home.html", context)


@requires("customers:view")
def search(request: HttpRequest) -> HttpResponse:
    """From the top bar: an order number leads to its customer, everything else to the list of customers."""
    wanted = request.GET.get("q", "").strip()[:200]
    order = find_order(wanted) if wanted else None
    if order is not None:
        return redirect("customers:detail", order.customer_id)
    return redirect(f"{reverse('customers:list')}?{urlencode({'q': wanted})}" if wanted else "customers:list")


def _revenue_chart(home: Home) -> charts.Chart:
    whole = home.days[:-1]
    labels = [f"{each.day.month}/{each.day.day}" for each in home.days]
    band = charts.Band(
        _("Same weekday, last 8 weeks"), [each.low_minor for each in home.days], [each.high_minor for each in home.days]
    )
    return charts.line_with_band(
        _finding(whole[-1], home.currency) if whole else _("Revenue by day"),
        _("Net revenue by business day; the band held six of the last eight same weekdays. Today is not over."),
        labels, _("Revenue"), [each.revenue_minor for each in home.days],
        label_name=_("Day"), unit=charts.money(home.currency), band=band,
        provisional_from=len(home.days) - 1, provisional_name=_("Today so far"),
    )  # fmt: skip


def _finding(yesterday: object, currency: str) -> str:
    revenue, low, high = yesterday.revenue_minor, yesterday.low_minor, yesterday.high_minor  # type: ignore[attr-defined]
    amount = formats.money(revenue, currency, cents=False)
    if low is None or high is None:
        return _("Yesterday brought %(amount)s") % {"amount": amount}
    if revenue > high:
        return _("Yesterday brought %(amount)s, %(more)s above the usual range") % {
            "amount": amount, "more": formats.money(revenue - high, currency, cents=False),
        }  # fmt: skip
    if revenue < low:
        return _("Yesterday brought %(amount)s, %(less)s below the usual range") % {
            "amount": amount, "less": formats.money(low - revenue, currency, cents=False),
        }  # fmt: skip
    return _("Yesterday brought %(amount)s, within the usual range") % {"amount": amount}
