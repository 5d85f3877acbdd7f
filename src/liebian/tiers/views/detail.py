"""One model as of any day, and what other parameters would do."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from django.views.decorators.http import require_http_methods, require_POST

from liebian.access.guard import requires
from liebian.core import clock
from liebian.core.errors import Conflict, NotAllowed
from liebian.tiers import queries, services, words
from liebian.tiers.forms import FORMS, ParametersForm, RfmForm
from liebian.tiers.types import TierAnswer
from liebian.tiers.views import shapes
from liebian.tiers.views.days import read_day, today
from liebian.ui import formats

COMPARE_DAYS = 90


@requires("tiers:view")
@require_http_methods(["GET", "HEAD", "POST"])
def tier_page(request: HttpRequest, model_id: int) -> HttpResponse:
    """The answer of a day; posting the form previews the parameters typed, or saves them (tiers:edit)."""
    as_of = read_day(request)
    answer = queries.answer_tiers(model_id, as_of)
    form = _form(answer, request.POST if request.method == "POST" else None)
    context: dict[str, Any] = {}
    if request.method == "POST":
        user: Any = request.user
        if not user.may("tiers:edit"):
            raise NotAllowed(
                "not_allowed", gettext_noop("Your role may look at tiers, not change them."), permission="tiers:edit"
            )
        if form.is_valid():
            if request.POST.get("act") == "save" and _save(request, answer, form):
                return redirect(request.get_full_path())
            context |= _preview(answer, form)
    context |= _page(request, answer, as_of, form)
    return render(request, "tiers/detail.html", context, status=422 if form.errors else 200)


@requires("tiers:edit")
@require_POST
def tier_preview(request: HttpRequest, model_id: int) -> HttpResponse:
    """The form's card alone, with who would move: what htmx puts in while somebody types."""
    answer = queries.answer_tiers(model_id, read_day(request))
    form = _form(answer, request.POST)
    context = {"answer": answer, "form": form, "may_edit": True, "as_of_day": answer.as_of}
    if form.is_valid():
        context |= _preview(answer, form)
    return render(request, "tiers/_parameters.html", context)


def _form(answer: TierAnswer, data: QueryDict | None) -> ParametersForm:
    parameters, currency = answer.model.parameters, answer.currency
    if answer.model.kind == "rfm":
        return RfmForm(data, cuts=answer.cuts, parameters=parameters, currency=currency)
    return FORMS[answer.model.kind](data, parameters=parameters, currency=currency)


def _save(request: HttpRequest, answer: TierAnswer, form: ParametersForm) -> bool:
    version = request.POST.get("version", "")
    now = clock.now()
    try:
        saved = services.save_model(
            model_id=answer.model.id,
            parameters=form.parameters(),
            now=now,
            changed_by=request.user.pk,
            based_on_version=int(version) if version.isdecimal() else answer.model.version,
        )
    except Conflict as error:
        form.add_error(None, _("Somebody else saved other parameters meanwhile. Look at them, then save once more."))
        form.conflict = error  # type: ignore[attr-defined]
        return False
    if saved.version == answer.model.version:
        messages.info(request, _("These are the parameters in use already. Nothing was changed."))
    else:
        services.compute_tiers(model_id=saved.id, as_of=today(now), now=now)
        messages.success(
            request,
            _("Version %(version)s is in use; every customer has their new place.") % {"version": saved.version},
        )
    return True


def _preview(answer: TierAnswer, form: ParametersForm) -> dict[str, Any]:
    preview = queries.preview_model(answer.model.kind, form.parameters(), answer.as_of)
    share = preview.n_moved / preview.n_customers if preview.n_customers else 0.0
    return {
        "preview": preview,
        "moves": shapes.move_rows(preview)[:12],
        "more_moves": max(0, len(preview.moves) - 12),
        "preview_finding": _preview_finding(preview.n_moved),
        "share_moved": share,
        "is_unchanged": preview.parameters == answer.model.parameters,
        "next_version": answer.model.version + 1,
    }


def _preview_finding(n_moved: int) -> str:
    if not n_moved:
        return _("Nobody would change place")
    return _("%(n)s people would change place") % {"n": formats.number(n_moved)}


def _page(request: HttpRequest, answer: TierAnswer, as_of: date, form: ParametersForm) -> dict[str, Any]:
    now = clock.now()
    earlier = as_of - timedelta(days=COMPARE_DAYS)
    before = queries.answer_tiers(answer.model.id, earlier)
    user: Any = request.user
    kind = answer.model.kind
    return {
        "answer": answer,
        "label": words.kind_label(kind),
        "finding": shapes.finding(answer),
        "rows": shapes.group_rows(answer, today(now), {group.cell: group.n_customers for group in before.groups}),
        "grid": shapes.rfm_grid(answer) if kind == "rfm" and answer.n_customers else None,
        "abc_chart": shapes.abc_chart(answer) if kind == "abc" else None,
        "lifecycle_chart": shapes.lifecycle_chart(answer, today(now)) if kind == "lifecycle" else None,
        "flow_chart": _flow(answer, earlier),
        "earlier": earlier,
        "form": form,
        "may_edit": user.may("tiers:edit"),
        "run": queries.find_last_run(answer.model.id),
        "as_of_day": as_of,
        "today": today(now),
        "now": now,
    }


def _flow(answer: TierAnswer, earlier: date) -> Any:
    if not answer.n_customers:
        return None
    moves = queries.compare_days(answer.model.id, earlier, answer.as_of)
    return shapes.flow_chart(answer.model.kind, moves, earlier, answer.as_of)
