"""Programmes of points: their terms as sentences, what is outstanding and when it ends; and changing them, shown in words first."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_safe

from liebian.access.guard import requires
from liebian.access.queries import find_user_names
from liebian.core import clock
from liebian.core.errors import LiebianError
from liebian.rewards import queries, services
from liebian.rewards.points_terms_form import PointsTermsForm, fill
from liebian.rewards.rules import expiry_of, name_of_points
from liebian.rewards.types import PointsProgramme, PointsTerms, TermsVersion
from liebian.rewards.views.points_words import name_programme, say_example, say_start, say_terms
from liebian.ui.formats import error_text

WAITS = (0, 14)


@requires("rewards:view")
@require_safe
def points_list(request: HttpRequest) -> HttpResponse:
    now = clock.now()
    programmes = queries.list_points_programmes(at=now)
    people = {each.set_by for one in programmes for each in (one.in_force, *one.planned, *one.earlier) if each.set_by}
    names = find_user_names(sorted(people))
    context = {
        "programmes": [_show(each, names) for each in programmes],
        "as_of": now,
        "may_change": bool(request.user.may("rewards:terms")),  # type: ignore[union-attr]
        **_ends(request.GET.get("ends", ""), programmes),
    }
    return render(request, "rewards/points.html", context)


@requires("rewards:terms")
@require_http_methods(["GET", "HEAD", "POST"])
def points_terms(request: HttpRequest) -> HttpResponse:
    """The form, then the same in words with examples, then saved."""
    now = clock.now()
    if request.method != "POST":
        return _page(request, PointsTermsForm(initial=_initial(request, now), now=now))
    form = PointsTermsForm(request.POST, now=now)
    if not form.is_valid():
        return _page(request, form, status=422)
    terms: PointsTerms = form.cleaned_data["terms"]
    if request.POST.get("step") == "edit":
        return _page(request, form)
    if request.POST.get("step") != "save":
        return _page(request, form, preview=_preview(form, terms, now), starts=form.valid_from)
    try:
        services.set_points_terms(
            asset=form.asset, terms=terms, actor=int(request.user.pk or 0), now=now, valid_from=form.valid_from
        )
    except LiebianError as error:
        form.add_error(None, error_text(error))
        return _page(request, form, status=error.status)
    messages.success(request, gettext("The terms are kept. Points that customers have keep their ends."))
    return redirect("rewards:points")


def _initial(request: HttpRequest, now: datetime) -> dict[str, Any]:
    """The terms that the programme has now; for a new one the usual ones."""
    name = request.GET.get("programme")
    for each in queries.list_points_programmes(at=now) if name is not None else ():
        if name_of_points(each.asset) == name:
            return fill(name, each.in_force.terms)
    return fill("", PointsTerms(zone=settings.TIME_ZONE))


def _preview(form: PointsTermsForm, terms: PointsTerms, now: datetime) -> dict[str, Any]:
    at = form.valid_from or now
    examples = []
    for days in WAITS:
        active_from = at + timedelta(days=days)
        examples.append(say_example(terms, at, active_from, expiry_of(terms, active_from)))
    return {"name": name_programme(form.asset), "sentences": say_terms(terms), "examples": examples}


def _page(request: HttpRequest, form: PointsTermsForm, *, status: int = 200, **more: Any) -> HttpResponse:
    return render(request, "rewards/points_terms.html", {"form": form, **more}, status=status)


def _show(programme: PointsProgramme, names: dict[int, str]) -> dict[str, Any]:
    held = programme.held
    return {
        "asset": programme.asset,
        "key": name_of_points(programme.asset),
        "name": name_programme(programme.asset),
        "usable": held.get("points", 0),
        "pending": held.get("points_pending", 0),
        "reserved": held.get("points_reserved", 0),
        "owed": held.get("points_debt", 0),
        "in_review": held.get("points_in_review", 0),
        "lost": held.get("points_receivable", 0),
        "in_force": _show_version(programme.in_force, names),
        "planned": list(_show_versions(programme.planned, names)),
        "earlier": list(_show_versions(programme.earlier, names)),
    }


def _show_versions(versions: Iterable[TermsVersion], names: dict[int, str]) -> Iterable[dict[str, Any]]:
    return (_show_version(each, names) for each in versions)


def _show_version(version: TermsVersion, names: dict[int, str]) -> dict[str, Any]:
    return {
        "since": say_start(version.valid_from),
        "is_usual": version.valid_from is None,
        "sentences": say_terms(version.terms),
        "zone": version.terms.zone,
        "by": names.get(version.set_by, f"#{version.set_by}") if version.set_by else "",
    }


def _ends(asset: str, programmes: list[PointsProgramme]) -> dict[str, Any]:
    """When what is outstanding of one programme ends, by month."""
    chosen = next((each for each in programmes if each.asset == asset), None)
    if chosen is None:
        return {}
    months = queries.list_liability(zone=chosen.in_force.terms.zone, asset=asset)
    return {"ends_of": name_programme(asset), "months": months}
