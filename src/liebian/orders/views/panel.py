"""The orders of one customer, as a panel of the customer's page or opened on its own."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.dateformat import format as format_date
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from liebian.access.guard import requires
from liebian.access.queries import get_organisation
from liebian.core import clock, days
from liebian.customers import queries as customers
from liebian.orders import queries
from liebian.orders.types import DEFAULT_CURRENCY, MonthRevenue, OrderView
from liebian.ui import charts, formats

_STATUS = {
    "paid": (pgettext_lazy("state of an order", "Paid"), "good", "check"),
    "partly_refunded": (gettext_lazy("Partly refunded"), "warn", "receipt-refund"),
    "refunded": (gettext_lazy("Refunded"), "", "receipt-refund"),
    "cancelled": (gettext_lazy("Cancelled"), "", "ban"),
}


@dataclass(frozen=True, slots=True)
class Line:
    order: OrderView
    status: str
    tone: str
    icon: str


@requires("customers:view")
def customer_panel(request: HttpRequest, customer_id: int) -> HttpResponse:
    person = customers.get_customer(customer_id)
    if person.id != customer_id:
        return redirect("orders:customer-panel", customer_id=person.id)
    before = request.GET.get("before", "")
    page = queries.list_order_page(customer_id=person.id, before=before)
    context = {
        "person": person,
        "lines": [_line(order) for order in page.orders],
        "earlier": page.earlier,
        "before": before,
    }
    is_fragment = request.headers.get("HX-Request") == "true"
    if is_fragment and before:
        return render(request, "orders/_order_rows.html", context)
    context["chart"] = _chart(person.id) if page.orders or before else None
    return render(request, "orders/_customer_panel.html" if is_fragment else "orders/customer_panel.html", context)


def _line(order: OrderView) -> Line:
    label, tone, icon = _STATUS.get(order.status, (order.status, "", "point"))
    return Line(order, str(label), tone, icon)


def _chart(customer_id: int) -> charts.Chart:
    currency = get_organisation().currency or DEFAULT_CURRENCY
    today = days.day_of(clock.now(), settings.TIME_ZONE)
    months = queries.list_revenue_by_month(customer_id=customer_id, currency=currency, until=today)
    return charts.bars(
        _finding(months, currency), _("Paid in each month, less what was refunded of these orders since"),
        [_month_name(row) for row in months], [charts.Series(_("Paid"), [row.amount_minor for row in months])],
        label_name=_("Month"), unit=charts.money(currency), height=168,
    )  # fmt: skip


def _finding(months: list[MonthRevenue], currency: str) -> str:
    total = sum(row.amount_minor for row in months)
    if total <= 0:
        return _("Nothing paid in the last twelve months")
    best = max(months, key=lambda row: row.amount_minor)
    return _("%(total)s in twelve months, %(share)s of it in %(month)s") % {
        "total": formats.money(total, currency, cents=False),
        "share": formats.percent(best.amount_minor / total, 0),
        "month": _month_name(best, with_year=True),
    }


def _month_name(row: MonthRevenue, *, with_year: bool = False) -> str:
    """The year stands where it changes, so that twelve labels fit."""
    if formats.is_chinese():
        return format_date(row.month, "Y年n月" if with_year else "y年n月" if row.month.month == 1 else "n月")
    return format_date(row.month, "M Y" if with_year or row.month.month == 1 else "M")
