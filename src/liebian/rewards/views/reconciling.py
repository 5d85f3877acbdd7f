"""The reconciliation: every check with its last result, the comparison that somebody asked for, and differences until they are gone or
explained."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_POST

from liebian.access.guard import requires
from liebian.access.queries import find_user_names
from liebian.core import clock
from liebian.core.errors import LiebianError
from liebian.core.texts import mark as _
from liebian.rewards import queries, services
from liebian.rewards.types import AlarmView, Check, ComparisonView
from liebian.ui.formats import error_text, money, number

PATIENCE = timedelta(minutes=1)
"""A worker takes what is asked for within a second, unless it is at something long."""

PLACES = {
    "budget": _("Budget"),
    "coupon": _("Coupon"),
    "entry": _("Entry"),
    "payout": _("Payout"),
    "reward": _("Reward"),
}


@requires("rewards:view")
def reconciliation(request: HttpRequest) -> HttpResponse:
    asked = _show_asked(queries.find_comparison(), clock.now())
    if "part" in request.GET:
        return render(request, "rewards/_comparison.html", asked)
    runs = queries.list_last_runs()
    checks = services.list_checks()
    alarms = queries.list_alarms()
    names = find_user_names([each.explained_by for each in alarms if each.explained_by])
    differing = {each.check for each in alarms if each.state == "open"}
    context = {
        **asked,
        "checks": [
            {"title": gettext(check.title), "run": runs.get(check.code), "differs": check.code in differing}
            for check in checks
        ],
        "alarms": [_show(each, {check.code: check for check in checks}, names) for each in alarms],
        "n_open": queries.count_open_alarms(),
        "as_of_run": max((run.at for run in runs.values()), default=None),
        "hour": settings.RECONCILIATION_HOUR,
        "may_explain": request.user.may("rewards:review"),  # type: ignore[union-attr]
    }
    return render(request, "rewards/reconciliation.html", context)


@requires("rewards:review")
@require_POST
def reconcile_now(request: HttpRequest) -> HttpResponse:
    services.ask_comparison(actor=int(request.user.pk or 0), now=clock.now())
    return redirect("rewards:reconciliation")


@requires("rewards:review")
@require_POST
def explain(request: HttpRequest, alarm_id: int) -> HttpResponse:
    try:
        services.explain_alarm(
            alarm_id=alarm_id, note=request.POST.get("note", ""), actor=int(request.user.pk or 0), now=clock.now()
        )
    except LiebianError as error:
        messages.error(request, error_text(error))
    else:
        messages.success(request, gettext("Noted. It stays quiet until the difference changes."))
    return redirect("rewards:reconciliation")


def _show_asked(asked: ComparisonView | None, now: datetime) -> dict[str, Any]:
    if asked is None:
        return {"asked": None}
    names = find_user_names([asked.asked_by])
    is_alone = asked.is_open and asked.started_at is None and now - asked.asked_at > PATIENCE
    is_left = asked.is_open and asked.held_until is not None and asked.held_until < now
    return {"asked": asked, "asked_by": names.get(asked.asked_by, ""), "no_worker": is_alone or is_left}


def _show(alarm: AlarmView, checks: dict[str, Check], names: dict[int, str]) -> dict[str, Any]:
    check = checks.get(alarm.check)
    figure = check.figures.get(alarm.what, "") if check else ""
    href = _href(alarm.subject, alarm.what)
    return {
        "alarm": alarm,
        "check": gettext(check.title) if check else alarm.check,
        "figure": gettext(figure) if figure else alarm.what,
        "subject": _name(alarm.subject),
        "href": href,
        "settle": "" if href or not check or not check.page else reverse(check.page),
        "expected": _say(alarm.expected, alarm.unit),
        "found": _say(alarm.found, alarm.unit),
        "difference": _say(alarm.found - alarm.expected, alarm.unit),
        "by": names.get(alarm.explained_by or 0, ""),
    }


def _name(subject: str) -> str:
    """ "budget:3" as a person says it; what begins otherwise is named as it is."""
    place, _colon, rest = subject.partition(":")
    return f"{gettext(PLACES[place])} {rest}" if place in PLACES and rest else subject


def _href(subject: str, what: str) -> str:
    place, _colon, rest = subject.partition(":")
    if what == "weeks_left":
        return reverse("rewards:budget", args=[int(rest)])
    if place == "account":
        return reverse("ledger:account", args=[rest])
    if place == "entry":
        return reverse("ledger:entry", args=[int(rest)])
    if place == "reward":
        return reverse("rewards:reward", args=[int(rest)])
    if place in ("budget", "coupon"):
        return f"{reverse('ledger:home')}?book={subject}"
    return ""


def _say(amount: int, unit: str) -> str:
    currency = unit.partition("/")[0]
    return money(amount, currency) if len(currency) == 3 else number(amount)
