"""What was paid in a month, and the tax of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.timezone import localtime
from django.utils.translation import gettext

from liebian.access.guard import requires
from liebian.access.services import record_audit
from liebian.core import clock
from liebian.core.days import day_of
from liebian.core.ids import customer_number
from liebian.core.money import to_amount
from liebian.payouts import queries
from liebian.payouts.forms import MonthForm
from liebian.payouts.queries import TaxDifference, TaxRow
from liebian.payouts.views.words import TAXES
from liebian.rewards import queries as rewards
from liebian.rewards.types import TaxLaw
from liebian.ui.formats import money
from liebian.ui.tables import send_csv

SHOWN = 500
_LAW_IN = "CNY"
HEADER = [
    "month",
    "customer",
    "tax_class",
    "currency",
    "gross",
    "tax",
    "net",
    "paid_at",
    "our_number",
    "provider_number",
]


@requires("payouts:view")
def taxes(request: HttpRequest) -> HttpResponse:
    month = _month(request)
    rows = queries.list_taxes(month)
    context = {
        "month": month.isoformat()[:7],
        "form": MonthForm(initial={"month": month.isoformat()[:7]}),
        "sums": _sum(rows),
        "rows": [
            {"it": row, **_show(row.tax_rule, row.currency, row.gross_minor, row.tax_minor)} for row in rows[:SHOWN]
        ],
        "law": _show_law(rewards.tax_law_on(month)),
        "differences": [_show_difference(each) for each in queries.list_tax_differences(rows)],
        "may_fetch": bool(request.user.may("payouts:prepare")),  # type: ignore[union-attr]
    }
    return render(request, "payouts/taxes.html", context)


@requires("payouts:prepare")
def taxes_file(request: HttpRequest) -> HttpResponse:
    """The month as CSV. Who took it out is written down."""
    if "month" not in request.GET:
        return redirect("payouts:taxes")
    month = _month(request).isoformat()[:7]
    actor = int(request.user.pk or 0)
    record_audit(actor_id=actor, action="payout_taxes.downloaded", subject=f"month:{month}", now=clock.now())
    rows = [_cells(month, row) for row in queries.list_taxes(_month(request))]
    return send_csv(f"payouts-{month}.csv", HEADER, rows)


def _sum(rows: Sequence[TaxRow]) -> list[dict[str, Any]]:
    sums: dict[tuple[str, str], list[int]] = {}
    for row in rows:
        total = sums.setdefault((row.tax_rule, row.currency), [0, 0, 0])
        total[0], total[1], total[2] = total[0] + 1, total[1] + row.gross_minor, total[2] + row.tax_minor
    return [{"n": n, **_show(rule, unit, gross, tax)} for (rule, unit), (n, gross, tax) in sorted(sums.items())]


def _show(rule: str, currency: str, gross: int, tax: int) -> dict[str, Any]:
    return {"rule": TAXES[rule], "gross": money(gross, currency), "tax": money(tax, currency)}


def _show_law(law: TaxLaw) -> dict[str, Any]:
    """Of yuan, whatever a payout is in."""
    upper = [None, *(band.over_minor for band in law.fee_bands)]
    bands = [
        {"over": money(band.over_minor, _LAW_IN), "up_to": money(top, _LAW_IN) if top else "", "percent": band.percent, "quick": money(band.quick_minor, _LAW_IN)}
        for band, top in zip(law.fee_bands, upper, strict=False)
    ]  # fmt: skip
    return {
        "it": law,
        "source": gettext(law.source),
        "small": money(law.fees_small_minor, _LAW_IN),
        "deduction": money(law.fees_deduction_minor, _LAW_IN),
        "bands": bands[::-1],
    }


def _show_difference(each: TaxDifference) -> dict[str, Any]:
    sums = {"gross": each.gross_minor, "withheld": each.withheld_minor, "due": each.due_minor}
    shown = {name: money(minor, each.currency) for name, minor in sums.items()}
    return {"it": each, **shown, "difference": money(each.withheld_minor - each.due_minor, each.currency)}


def _cells(month: str, row: TaxRow) -> list[str]:
    sums = [str(to_amount(minor, row.currency)) for minor in (row.gross_minor, row.tax_minor, row.net_minor)]
    paid_at = localtime(row.paid_at).isoformat(timespec="seconds")
    return [
        month,
        customer_number(row.customer_id),
        row.tax_rule,
        row.currency,
        *sums,
        paid_at,
        row.out_no,
        row.provider_no,
    ]


def _month(request: HttpRequest) -> date:
    form = MonthForm(request.GET)
    if form.is_valid():
        found: date = form.cleaned_data["month"]
        return found
    return day_of(clock.now(), settings.TIME_ZONE).replace(day=1)
