"""The list of customers. Every filter, the sort and the place in it live in the address."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from liebian.access.guard import requires
from liebian.access.queries import get_organisation
from liebian.core import clock
from liebian.core.ids import customer_number
from liebian.customers import queries
from liebian.customers.forms import FILTERS, CustomerFilterForm
from liebian.customers.queries.listing import COUNT_CAP
from liebian.customers.types import CustomerRow
from liebian.customers.words.facts import name_gender
from liebian.customers.words.tiers import Tier, in_order, name_tier
from liebian.ui import formats

DEFAULT_CURRENCY = "CNY"
PAGE = 25


@dataclass(frozen=True, slots=True)
class Chip:
    """A filter that is on, with the address of the list without it."""

    text: str
    href: str


@dataclass(frozen=True, slots=True)
class Tab:
    label: str
    href: str
    is_on: bool


@dataclass(frozen=True, slots=True)
class Line:
    row: CustomerRow
    tiers: tuple[Tier, ...]


@requires("customers:view")
def customer_list(request: HttpRequest) -> HttpResponse:
    now = clock.now()
    currency = get_organisation().currency or DEFAULT_CURRENCY
    form = CustomerFilterForm(request.GET, queries.list_filter_choices(), currency)
    wanted = form.to_filter(now)
    page = queries.list_customers(
        wanted=wanted, sort=form.chosen_sort, ascending=form.is_ascending, after=request.GET.get("after", ""),
        before=request.GET.get("before", ""), limit=PAGE,
    )  # fmt: skip
    count = page.count
    context = {
        "form": form, "lines": [Line(row, _tiers(row)) for row in page.rows], "currency": currency, "now": now,
        "count": _count_words(count), "count_number": count, "has_any": count > 0, "chips": _chips(request.GET, form, currency), "tabs": _tabs(request.GET),
        "summary": _summary(count, len(page.rows)), "freshness": queries.get_freshness(),
        "previous": _with(request.GET, before=page.previous) if page.previous else "",
        "next": _with(request.GET, after=page.next) if page.next else "",
        "sorts": _sorts(request.GET, form), "has_errors": bool(form.errors), "imports_url": _imports_url(request),
        "fields": [field for field in form.visible_fields() if field.name != "q"],
    }  # fmt: skip
    return render(request, "customers/list.html", context)


def _imports_url(request: HttpRequest) -> str:
    user: Any = request.user
    try:
        return reverse("imports:list") if user.may("imports:run") else ""
    except NoReverseMatch:
        return ""


def _with(address: QueryDict, **changes: Any) -> str:
    """The address with changes, from its first page on unless a cursor is among them."""
    values = address.copy()
    for name in ("after", "before", *changes):
        values.pop(name, None)
    for name, value in changes.items():
        if value not in (None, ""):
            values[name] = str(value)
    return f"?{values.urlencode()}"


def _tiers(row: CustomerRow) -> tuple[Tier, ...]:
    return tuple(name_tier(place.model, place.cell) for place in in_order(row.tiers))


def _count_words(count: int) -> str:
    return f"{formats.number(COUNT_CAP)}+" if count > COUNT_CAP else formats.number(count)


def _summary(count: int, shown: int) -> str:
    return ngettext("%(count)s match, %(shown)s on this page", "%(count)s match, %(shown)s on this page", count) % {
        "count": _count_words(count),
        "shown": formats.number(shown),
    }


def _tabs(address: QueryDict) -> list[Tab]:
    """The questions that people come with. A tab is on when the address says exactly the same."""
    offered = [
        (_("All"), {}),
        (_("Have ordered"), {"ordered": "yes"}),
        (_("Ordered, quiet for 90 days"), {"quiet_for": "90", "sort": "revenue"}),
        (_("Not ordered yet"), {"ordered": "no"}),
        (_("Came by recommendation"), {"referred": "yes"}),
        (_("Anonymous visitors"), {"who": "anonymous"}),
    ]
    now = {name: value for name, value in address.items() if value and name not in {"after", "before", "sort", "order"}}
    tabs = []
    for label, wanted in offered:
        query = QueryDict(mutable=True)
        query.update(wanted)
        is_on = now == {name: value for name, value in wanted.items() if name != "sort"}
        tabs.append(Tab(label, f"?{query.urlencode()}", is_on))
    return tabs


def _sorts(address: QueryDict, form: CustomerFilterForm) -> dict[str, tuple[str, str]]:
    """For each sorted column its address and state; a second click turns the order round."""
    found = {}
    for key in ("seen", "revenue", "orders", "last_order", "first_seen"):
        is_on = form.chosen_sort == key
        state = ("ascending" if form.is_ascending else "descending") if is_on else ""
        found[key] = (_with(address, sort=key, order="asc" if state == "descending" else None), state)
    return found


def _chips(address: QueryDict, form: CustomerFilterForm, currency: str) -> list[Chip]:
    found = form.cleaned_data
    words = {
        "who": lambda value: _("Anonymous visitors"),
        "channel": lambda value: _("Came through %(value)s") % {"value": value},
        "city": lambda value: _("City %(value)s") % {"value": value},
        "gender": lambda value: name_gender(value),
        "tier": lambda value: name_tier(*value).name,
        "ordered": lambda value: _("Has ordered") if value == "yes" else _("Not ordered yet"),
        "referred": lambda value: _("Was recommended") if value == "yes" else _("Was not recommended"),
        "referred_by": lambda value: _("Recommended by %(number)s") % {"number": customer_number(value)},
        "revenue_from": lambda value: (
            _("Revenue from %(amount)s") % {"amount": formats.money(value, currency, cents=False)}
        ),
        "revenue_to": lambda value: (
            _("Revenue below %(amount)s") % {"amount": formats.money(value, currency, cents=False)}
        ),
        "ordered_within": lambda value: _("Last order within %(count)s days") % {"count": value},
        "quiet_for": lambda value: _("Last order more than %(count)s days ago") % {"count": value},
    }
    on = [name for name in FILTERS if found.get(name) not in (None, "")]
    return [Chip(words[name](found[name]), _with(address, **{name: None})) for name in on]
