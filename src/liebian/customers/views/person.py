"""One person's page and the pages of their timeline. Panels of other contexts come by their own addresses."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch, resolve, reverse
from django.utils.translation import gettext as _

from liebian.access.guard import requires
from liebian.access.queries import get_organisation
from liebian.core import clock, days, keyset
from liebian.customers import queries
from liebian.customers.queries.timeline import KINDS
from liebian.customers.types import TimelineItem, TimelinePage, Verdict
from liebian.customers.views.listing import DEFAULT_CURRENCY
from liebian.customers.words.facts import name_field, value_of
from liebian.customers.words.tiers import explain, in_order
from liebian.customers.words.timeline import Line, describe
from liebian.customers.words.verdicts import judged


@dataclass(frozen=True, slots=True)
class Day:
    """The events of one business day; the heading is left out where the page above already has it."""

    day: date
    has_heading: bool
    lines: list[tuple[datetime, int, Line]]


@dataclass(frozen=True, slots=True)
class Panel:
    id: str
    href: str


@requires("customers:view")
def customer_page(request: HttpRequest, customer_id: int) -> HttpResponse:
    stands = queries.get_customer(customer_id)
    if stands.id != customer_id:
        return redirect("customers:detail", customer_id=stands.id)
    now, currency = clock.now(), get_organisation().currency or DEFAULT_CURRENCY
    person = queries.get_profile(customer_id)
    explained = [explain(place, currency) for place in in_order(queries.list_tiers([customer_id]).get(customer_id, ()))]
    panels = list(_panels(request, customer_id))
    context = {
        "person": person, "currency": currency, "now": now, "freshness": queries.get_freshness(),
        "tiers": explained, "lead": explained[0] if explained else None, "other_tiers": explained[1:],
        "facts": [(name_field(fact.key), value_of(fact), fact) for fact in queries.list_facts(customer_id)],
        "identifiers": [
            (name_field(found.kind), f"identifier-{found.id}", found) for found in queries.list_identifiers(customer_id)
        ],
        "average": person.revenue_minor // person.n_orders if person.n_orders else 0,
        "main_panel": panels[0] if panels else None, "side_panels": panels[1:],
        "may_reveal": _may(request, "customers:reveal"), "may_erase": _may(request, "customers:erase"),
        **_timeline(request, customer_id, currency),
    }  # fmt: skip
    return render(request, "customers/person.html", context)


@requires("customers:view")
def customer_timeline(request: HttpRequest, customer_id: int) -> HttpResponse:
    """Earlier lines as a fragment; opened on its own, the person's page at that place."""
    kind, before = _kind(request), request.GET.get("before", "")
    if request.headers.get("HX-Request") != "true":
        return redirect(f"{reverse('customers:detail', args=[customer_id])}?{request.GET.urlencode()}#timeline")
    stands = queries.get_customer(customer_id)
    currency = get_organisation().currency or DEFAULT_CURRENCY
    page = queries.list_timeline(customer_id=stands.id, kind=kind, before=before)
    context = {
        "days": _by_day(page, stands.id, currency, before),
        "earlier": page.earlier,
        "kind": kind,
        "customer_id": stands.id,
    }
    return render(request, "customers/_timeline_lines.html", context)


def _may(request: HttpRequest, permission: str) -> bool:
    user: Any = request.user
    return bool(user.may(permission))


def _kind(request: HttpRequest) -> str:
    kind = request.GET.get("kind", "all")
    return kind if kind in KINDS else "all"


def _timeline(request: HttpRequest, customer_id: int, currency: str) -> dict[str, Any]:
    kind, before = _kind(request), request.GET.get("before", "")
    page = queries.list_timeline(customer_id=customer_id, kind=kind, before=before)
    labels = {
        "all": _("All"), "orders": _("Orders"), "interactions": _("Interactions"),
        "referral": _("Invitations and rewards"), "identity": _("Identity"),
    }  # fmt: skip
    return {
        "days": _by_day(page, customer_id, currency), "earlier": page.earlier, "kind": kind, "before": before, "customer_id": customer_id,
        "kinds": [(key, labels[key], key == kind) for key in KINDS],
    }  # fmt: skip


def _by_day(page: TimelinePage, customer_id: int, currency: str, before: str = "") -> list[Day]:
    zone = settings.TIME_ZONE
    above = None
    if before:
        above = days.day_of(datetime.fromtimestamp(keyset.decode(before, size=2)[0] / 1000, UTC), zone)
    verdicts = queries.list_verdicts(page, customer_id)
    found: list[Day] = []
    for item in page.items:
        day = days.day_of(item.event.at, zone)
        if not found or found[-1].day != day:
            found.append(Day(day, has_heading=day != above, lines=[]))
        found[-1].lines.append((item.event.at, item.event.id, _line(item, currency, verdicts)))
    return found


def _line(item: TimelineItem, currency: str, verdicts: dict[int, Verdict]) -> Line:
    return judged(describe(item, currency), verdicts.get(item.event.id))


def _panels(request: HttpRequest, customer_id: int) -> Iterator[Panel]:
    """Panels of other contexts that exist and that this user may open. The first stands in the wide column."""
    for name in settings.CUSTOMER_PANELS:
        try:
            href = reverse(name, args=[customer_id])
        except NoReverseMatch:
            continue
        permission = getattr(resolve(href).func, "permission", None)
        if permission is None or permission == "public" or _may(request, permission):
            yield Panel(name.replace(":", "-"), href)
