"""What is owed to customers on a day, when it ends, how much of it will never be redeemed, and the ledger at any instant."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from liebian.access.guard import requires
from liebian.access.queries import get_organisation
from liebian.core import clock
from liebian.core.days import day_of
from liebian.core.money import exponent, to_amount
from liebian.rewards import queries, services
from liebian.rewards.liability_forms import InstantForm, LiabilityFilter, ValueForm
from liebian.rewards.types import OwedAsOf, Stock
from liebian.rewards.views.liability_rows import (
    AGE_WORDS,
    END_WORDS,
    is_points,
    list_by,
    list_month_rows,
    list_owed,
    say_span,
    say_unit,
    sum_money,
)
from liebian.ui.formats import money, number, percent
from liebian.ui.tables import send_csv

LINES = [
    "day",
    "counted_at",
    "kind",
    "unit",
    "what",
    "ends_within_days",
    "age_up_to_days",
    "n",
    "amount",
    "money",
    "currency",
]
MONTHS = [
    "programme", "month", "earned", "redeemed", "expired", "taken_back", "open", "expected_breakage", "low", "high", "confidence",
]  # fmt: skip


@requires("ledger:view")
@require_safe
def liability(request: HttpRequest) -> HttpResponse:
    return _page(request)


@requires("ledger:view")
@require_safe
def liability_file(request: HttpRequest) -> HttpResponse:
    """The stock of the day, or the months of earning, as CSV."""
    day, asset = _asked(request)
    if request.GET.get("what") == "months":
        return send_csv(f"points-by-month-{day}.csv", MONTHS, _month_cells(asset))
    stock = queries.find_stock(day)
    return send_csv(f"owed-{stock.day if stock else day}.csv", LINES, _line_cells(stock) if stock else [])


@requires("ledger:fund")
@require_POST
def liability_value(request: HttpRequest) -> HttpResponse:
    form = _value_form(request.POST)
    if not form.is_valid():
        return _page(request, status=422, value_form=form)
    services.set_point_value(
        asset=form.cleaned_data["asset"],
        currency=form.currency,
        minor_per_thousand=form.cleaned_data["amount"],
        actor=request.user.pk,
        now=clock.now(),
    )
    messages.success(request, _("Saved. It counts from the next stock on; “Compare now” takes one at once."))
    return redirect("rewards:liability")


def _currency() -> str:
    return get_organisation().currency or "CNY"


def _value_form(data: Any = None, **more: Any) -> ValueForm:
    assets = [(asset, say_unit(asset)) for asset in queries.list_point_assets()]
    return ValueForm(data, currency=_currency(), assets=assets, **more)


def _asked(request: HttpRequest) -> tuple[date, str]:
    day, asset = LiabilityFilter(request.GET).asked()
    assets = queries.list_point_assets()
    return day or day_of(clock.now(), settings.TIME_ZONE), asset if asset in assets else assets[0]


def _page(request: HttpRequest, *, status: int = 200, **more: Any) -> HttpResponse:
    day, asset = _asked(request)
    stock, currency = queries.find_stock(day), _currency()
    instant = InstantForm(request.GET if "at" in request.GET else None)
    context = {
        "day": day,
        "day_text": day.isoformat(),
        "stock": stock,
        "hour": settings.RECONCILIATION_HOUR,
        "asset": asset,
        "assets": [(each, say_unit(each)) for each in queries.list_point_assets()],
        "end_names": END_WORDS.values(),
        "age_names": AGE_WORDS.values(),
        "instant_form": instant,
        "at_instant": _at_instant(instant),
        "may_fund": bool(request.user.may("ledger:fund")),  # type: ignore[union-attr]
        "values": _list_values(),
        "value_form": _value_form(initial={"asset": asset}),
        **(_show_stock(stock, currency) if stock else {}),
        **_show_months(asset),
        **more,
    }
    return render(request, "rewards/liability.html", context, status=status)


def _show_stock(stock: Stock, currency: str) -> dict[str, Any]:
    return {
        "totals": [money(minor, unit) for unit, minor in sorted(sum_money(stock, currency).items())],
        "owed": list_owed(stock, currency),
        "owed_back": list_owed(stock, currency, back=True),
        "by_end": list_by(stock, currency, "ends"),
        "by_age": list_by(stock, currency, "age"),
    }


def _show_months(asset: str) -> dict[str, Any]:
    months = queries.list_points_months(asset)
    found = queries.forecast_breakage(months, day_of(clock.now(), settings.TIME_ZONE))
    total = found.total
    return {
        "months": list_month_rows(months, found),
        "verdict": found.verdict,
        "expected_rate": None if total.rate is None else percent(total.rate),
        "expected_span": say_span(total),
        "expected_units": None if total.units is None else number(round(total.units)),
        "n_ages": found.n_ages,
    }


def _list_values() -> list[dict[str, str]]:
    found = (queries.find_point_value(asset, clock.now()) for asset in queries.list_point_assets())
    return [
        {"name": say_unit(each.asset), "worth": money(each.minor_per_thousand, each.currency)} for each in found if each
    ]


def _at_instant(form: InstantForm) -> list[dict[str, str]] | None:
    asked = form.asked()
    if asked is None:
        return None
    return [
        {"name": say_unit(each.unit), "owed": _say(each, each.owed), "owed_back": _say(each, each.owed_back)}
        for each in queries.list_owed_as_of(*asked)
    ]


def _say(owed: OwedAsOf, amount: int) -> str:
    return number(amount) if is_points(owed.unit) else money(amount, owed.unit.partition("/")[0])


def _line_cells(stock: Stock) -> list[list[Any]]:
    currency = _currency()
    rows = []
    for each in stock.lines:
        unit = currency if is_points(each.unit) else each.unit
        worth = "" if each.minor is None else f"{to_amount(each.minor, unit):.{exponent(unit)}f}"
        rows.append(
            [stock.day, stock.at.isoformat(), each.kind, each.unit, each.what, each.ends, each.age, each.n, each.amount, worth, unit if worth else ""]
        )  # fmt: skip
    return rows


def _month_cells(asset: str) -> list[list[Any]]:
    months = queries.list_points_months(asset)
    found = queries.forecast_breakage(months, day_of(clock.now(), settings.TIME_ZONE))

    def whole(value: float | None) -> Any:
        return "" if value is None else round(value)

    return [
        [
            asset, f"{each.month:%Y-%m}", each.earned, each.n_redeemed, each.expired, each.taken_back, each.open, whole(told.units),
            whole(told.interval.low), whole(told.interval.high), told.interval.confidence,
        ]
        for each, told in zip(months, found.cohorts, strict=True)
    ]  # fmt: skip
