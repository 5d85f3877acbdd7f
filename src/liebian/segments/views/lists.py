"""Lists: segments, the people of one, the segments of one person."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from liebian.access.guard import requires
from liebian.access.types import mask_name, mask_phone
from liebian.core import clock
from liebian.customers import queries as customers
from liebian.segments import queries, services
from liebian.segments.types import DaySize, Freshness
from liebian.segments.views import shapes
from liebian.segments.views.builder import end_of_today
from liebian.tiers import queries as tiers
from liebian.ui import charts

PAGE = 50


@requires("segments:view")
@require_safe
def segment_list(request: HttpRequest) -> HttpResponse:
    as_of, archived = end_of_today(), request.GET.get("archived") == "1"
    segments = queries.list_segments(archived=archived)
    currency, cells = tiers.get_currency(), tiers.list_cells()
    fresh = queries.get_freshness()
    counted = queries.count_live() if fresh else queries.count_segments(as_of)
    histories = queries.list_sizes(as_of=as_of)
    everybody = queries.count_rule({"kind": "all_of", "rules": []}, as_of).population
    user: Any = request.user
    rows = [
        {
            "segment": segment,
            "sentence": shapes.read_aloud(segment.rule, currency, cells),
            "size": counted.get(segment.id),
            "ratio": counted.get(segment.id, 0) / everybody if everybody else None,
            "spark": _spark(histories.get(segment.id, [])),
        }
        for segment in segments
    ]
    context = {
        "rows": rows, "archived": archived, "everybody": everybody, "may_edit": user.may("segments:edit"), "now": clock.now(),
        **_freshness(fresh),
    }  # fmt: skip
    return render(request, "segments/list.html", context)


def _freshness(fresh: Freshness | None) -> dict[str, Any]:
    """What every page says about how far memberships follow the log. Before the stage begins, the lake answers."""
    now = clock.now()
    return {"freshness": fresh, "is_stale": fresh is not None and fresh.is_stale(now), "now": now}


def _spark(sizes: list[DaySize]) -> charts.Chart | None:
    if len(sizes) < 2:
        return None
    labels = [shapes.short_day(point.day) for point in sizes]
    return charts.spark(_("Customers"), labels, [point.size for point in sizes], label_name=_("Day"))


@requires("segments:view")
@require_safe
def segment_members(request: HttpRequest, segment_id: int) -> HttpResponse:
    """The people of a segment, masked; newest first, `after` is the last id of the page before."""
    segment, as_of, after = queries.get_segment(segment_id), end_of_today(), request.GET.get("after", "")
    fresh = queries.get_freshness()
    ids = queries.list_live_members(segment_id) if fresh else queries.list_members(segment_id, as_of)
    below = ids[ids < int(after)] if after.isdecimal() and len(after) < 19 else ids
    shown = below[::-1][:PAGE].tolist()
    personal, people = customers.list_personal(shown), customers.list_customers_by_id(shown)
    rows = [
        {
            "id": key,
            "name": mask_name(personal[key].name),
            "phone": mask_phone(personal[key].phone),
            "person": people[key],
        }
        for key in shown
        if key in people and key in personal
    ]
    context = {
        "segment": segment, "rows": rows, "n": len(ids), "next": shown[-1] if len(below) > PAGE else None,
        "is_first": not after, **_freshness(fresh), "currency": tiers.get_currency(),
        "sentence": shapes.read_aloud(segment.rule, tiers.get_currency(), tiers.list_cells()),
    }  # fmt: skip
    return render(request, "segments/members.html", context)


@requires("segments:edit")
@require_POST
def segment_archive(request: HttpRequest, segment_id: int) -> HttpResponse:
    segment = services.archive_segment(segment_id=segment_id, now=clock.now())
    messages.success(request, _("“%(name)s” is archived. Its history stays.") % {"name": segment.name})
    return redirect("segments:list")


@requires("segments:view")
@require_safe
def customer_panel(request: HttpRequest, customer_id: int) -> HttpResponse:
    """The segments a customer is in, as a card for the customer's page."""
    person = customers.get_customer(customer_id)
    fresh = queries.get_freshness()
    found = queries.list_live_segments(person.id) if fresh else queries.segments_of(person.id, end_of_today())
    return render(request, "segments/_customer_panel.html", {"segments": found, "person": person} | _freshness(fresh))
