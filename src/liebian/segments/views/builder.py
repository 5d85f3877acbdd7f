"""Making and changing a segment: whatever is typed is counted, read aloud and kept."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import msgspec
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from django.views.decorators.http import require_http_methods, require_POST

from liebian.access.guard import requires
from liebian.access.queries import find_user_names
from liebian.access.types import mask_name
from liebian.core import clock
from liebian.core.days import day_of
from liebian.core.errors import Invalid, LiebianError, NotAllowed
from liebian.customers import queries as customers
from liebian.segments import queries, services
from liebian.segments.forms import Finished, Node, apply_action, draft_of, finish, list_subjects, read_draft
from liebian.segments.forms.draft import new_group
from liebian.segments.types import SegmentView
from liebian.segments.views import shapes
from liebian.tiers import queries as tiers
from liebian.ui.formats import error_text

_LATE = timedelta(minutes=1)


def end_of_today() -> date:
    """The exclusive day of every count of now: today counts, as it does in live memberships."""
    return day_of(clock.now(), settings.TIME_ZONE) + timedelta(days=1)


@requires("segments:edit")
@require_http_methods(["GET", "HEAD", "POST"])
def segment_new(request: HttpRequest) -> HttpResponse:
    """An empty builder, or one filled from `?rule=` (JSON)."""
    if request.method == "POST":
        return _posted(request, None)
    currency = tiers.get_currency()
    given = request.GET.get("rule", "")
    root = draft_of(services.canonical(given), currency) if given else new_group().renumber()
    context = _editor(root, currency) | {"segment": None, "name": request.GET.get("name", "")[:80], "may_edit": True}
    return render(request, "segments/builder.html", context)


@requires("segments:view")
@require_http_methods(["GET", "HEAD", "POST"])
def segment_page(request: HttpRequest, segment_id: int) -> HttpResponse:
    """A segment: its sentence, size and builder; posting changes it (segments:edit)."""
    segment, user = queries.get_segment(segment_id), _user(request)
    if request.method == "POST":
        if not user.may("segments:edit"):
            raise NotAllowed(
                "not_allowed",
                gettext_noop("Your role may look at segments, not change them."),
                permission="segments:edit",
            )
        return _posted(request, segment)
    currency = tiers.get_currency()
    context = _editor(draft_of(segment.rule, currency), currency) | _about(segment)
    return render(
        request, "segments/builder.html", context | {"name": segment.name, "may_edit": user.may("segments:edit")}
    )


@requires("segments:edit")
@require_POST
def segment_preview(request: HttpRequest) -> HttpResponse:
    """The editor alone, after a change: what htmx puts in while somebody builds."""
    segment_id = request.POST.get("segment", "")
    segment = queries.find_segment(int(segment_id)) if segment_id.isdecimal() and len(segment_id) < 19 else None
    root = apply_action(read_draft(request.POST), request.POST.get("do", ""))
    context = _editor(root, tiers.get_currency()) | {"segment": segment, "may_edit": True, "is_changed": True}
    return render(request, "segments/_editor.html", context | {"name": request.POST.get("name", "")[:80]})


def _user(request: HttpRequest) -> Any:
    return request.user


def _posted(request: HttpRequest, segment: SegmentView | None) -> HttpResponse:
    action, name = request.POST.get("do", ""), request.POST.get("name", "")[:200]
    root = apply_action(read_draft(request.POST), action)
    context = _editor(root, tiers.get_currency())
    finished: Finished = context["finished"]
    problem = ""
    if action == "save":
        if finished.n_unfinished:
            problem = _("Finish or remove the marked conditions, then save again.")
        else:
            saved, problem = _save(request, segment, name, finished)
            if saved is not None:
                messages.success(request, _("Saved as version %(version)s.") % {"version": saved.version})
                return redirect("segments:detail", saved.id)
    about = _about(segment) if segment else {"segment": None}
    context |= about | {"name": name, "may_edit": True, "problem": problem, "is_changed": True}
    return render(request, "segments/builder.html", context, status=422 if problem else 200)


def _save(
    request: HttpRequest, segment: SegmentView | None, name: str, finished: Finished
) -> tuple[SegmentView | None, str]:
    version = request.POST.get("version", "")
    try:
        saved = services.save_segment(
            segment_id=segment.id if segment else None,
            name=name,
            rule=finished.rule,
            now=clock.now(),
            by=request.user.pk,
            based_on_version=int(version) if version.isdecimal() else None,
        )
    except LiebianError as error:
        return None, _problem_text(error)
    return saved, ""


def _problem_text(error: LiebianError) -> str:
    texts = {
        "segment_name": _("Give the segment a name of at most 80 letters."),
        "segment_name_taken": _("There is already a segment of this name. Choose another."),
        "segment_changed": _(
            "Somebody else saved this segment meanwhile. Your conditions are kept; compare before you save again."
        ),
    }
    return texts.get(error.code, error_text(error))


def _editor(root: Node, currency: str) -> dict[str, Any]:
    """Everything the editor draws, for a draft as of today."""
    as_of = end_of_today()
    finished, cells, subjects = finish(root, currency), tiers.list_cells(), list_subjects()
    context: dict[str, Any] = {"finished": finished, "as_of_day": as_of, "currency": currency}
    try:
        counts, count = queries.count_nodes(finished.rule, as_of), queries.count_rule(finished.rule, as_of)
    except Invalid as error:
        return context | {"root": shapes.show(root, {}, cells, subjects), "failed": error_text(error)}
    edges = queries.sample_edges(finished.rule, as_of)
    return context | {
        "root": shapes.show(root, counts, cells, subjects),
        "count": count,
        "sentence": shapes.read_aloud(finished.rule, currency, cells),
        "steps": shapes.steps(root, counts, count.population, currency, cells),
        "rule_json": msgspec.json.encode(finished.rule).decode(),
        **_edges(edges, currency, cells),
    }


def _edges(edges: Any, currency: str, cells: shapes.Cells) -> dict[str, Any]:
    ids = [edge.customer_id for edge in (*edges.inside, *edges.outside)]
    names = {key: mask_name(personal.name) for key, personal in customers.list_personal(ids).items()}
    return {
        "just_in": shapes.edge_rows(edges.inside, names, currency, cells),
        "just_out": shapes.edge_rows(edges.outside, names, currency, cells),
    }


def _about(segment: SegmentView) -> dict[str, Any]:
    sizes = queries.list_sizes(as_of=end_of_today()).get(segment.id, [])
    return {
        "segment": segment,
        "by": find_user_names([segment.created_by]).get(segment.created_by, "") if segment.created_by else "",
        "size_chart": shapes.size_chart(sizes),
        **_counted(clock.now()),
        "use_href": _use_href(segment),
    }


def _counted(now: datetime) -> dict[str, Any]:
    until = queries.find_counted_until(now)
    return {"now": now, "counted_until": until, "is_late": now - until > _LATE}


def _use_href(segment: SegmentView) -> str:
    """The wizard of a referral programme with this segment chosen. The address is known here, the context is not."""
    return f"/referrals/new?segment={segment.id}" if segment.archived_at is None else reverse("segments:list")
