"""The wizard: plain forms, one step a page. What was typed is kept in the draft, and the draft reads aloud on every step."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from django.views.decorators.http import require_http_methods, require_POST

from liebian.access.guard import requires
from liebian.access.queries import get_organisation
from liebian.core import clock
from liebian.core.days import day_of
from liebian.core.errors import LiebianError, NotFound
from liebian.referrals import queries, services
from liebian.referrals.forms.steps import STEP_FORMS, STEP_LABELS, STEPS
from liebian.referrals.forms.wizard import StepForm
from liebian.referrals.rules import pair_cost, read_limits
from liebian.referrals.types import Finding, ProgrammeView
from liebian.referrals.words import choice_text, finding_text, limit_text, money, offer_text, points_text
from liebian.rewards import queries as rewards
from liebian.ui import formats


@requires("referrals:edit")
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """The first step; the draft begins with the first thing that is kept."""
    currency = get_organisation().currency or "CNY"
    form = STEP_FORMS["goal"](request.POST or None, currency=currency)
    if request.method == "POST" and form.is_valid():
        values = form.to_draft()
        if (chosen := request.POST.get("segment", "")).isdigit():
            values["segment_id"] = int(chosen)
        begun = services.save_draft(programme_id=None, values=values, actor=request.user.pk, now=clock.now())
        return redirect("referrals:edit", begun.id, "people")
    context = {
        "form": form,
        "step": "goal",
        "steps": _steps(None),
        "number": 1,
        "segment": request.GET.get("segment", ""),
    }
    return render(request, "referrals/wizard.html", context, status=422 if form.errors else 200)


@requires("referrals:edit")
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, programme_id: int, step: str) -> HttpResponse:
    """One step of a draft. Saving goes on to the next; "later" leaves."""
    programme = queries.get_programme(programme_id)
    if programme.status != "draft":
        return redirect("referrals:detail", programme_id)
    if step not in STEPS:
        raise NotFound("step_not_found", gettext_noop("There is no such step."))
    if step == "publish":
        return _check_page(request, programme)
    form = _form(step, programme, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        services.save_draft(programme_id=programme.id, values=form.to_draft(), actor=request.user.pk, now=clock.now())
        if "later" in request.POST:
            return redirect("referrals:list")
        return redirect("referrals:edit", programme.id, STEPS[STEPS.index(step) + 1])
    context = {
        "form": form, "step": step, "programme": programme, "steps": _steps(programme), "number": STEPS.index(step) + 1,
        "previous": STEPS[STEPS.index(step) - 1] if step != "goal" else "", "sentence": sentence(programme),
        "next_label": STEP_LABELS[STEPS[STEPS.index(step) + 1]], **_effect(programme), "template": f"referrals/step_{step}.html",
    }  # fmt: skip
    return render(request, "referrals/wizard.html", context, status=422 if form.errors else 200)


@requires("referrals:publish")
@require_POST
def publish(request: HttpRequest, programme_id: int) -> HttpResponse:
    try:
        programme = services.publish_programme(programme_id=programme_id, actor=request.user.pk, now=clock.now())
    except LiebianError as error:
        if error.code != "programme_not_ready":
            raise
        return redirect("referrals:edit", programme_id, "publish")
    if programme.status == "draft":
        messages.info(
            request, _("Nothing was published yet: somebody else has to agree to the money of its budget first.")
        )
        return redirect("referrals:edit", programme_id, "publish")
    return redirect("referrals:detail", programme_id)


def _form(step: str, programme: ProgrammeView, data: Any) -> StepForm:
    extra: dict[str, Any] = {}
    if step == "people":
        choices = queries.list_target_choices(now=clock.now(), zone=programme.zone)
        extra["segments"] = [
            (key, _("%(name)s · %(size)s people") % {"name": name, "size": formats.number(size)})
            for key, name, size in choices
        ]
    if step == "rewards":
        extra["points_programmes"] = rewards.list_points_names()
        extra["offers"] = [
            (each.id, choice_text(each), each.cost_minor) for each in queries.list_made_choices(programme)
        ]
    if step == "budget":
        extra["budgets"] = [
            (str(each.id), _("%(name)s · %(left)s available") % {"name": each.name, "left": money(each.available, each.currency)})
            for each in rewards.list_budgets() if each.currency == programme.currency and (each.available or each.id == programme.draft.get("budget_id"))
        ]  # fmt: skip
    if step == "texts" and not programme.draft.get("organiser"):
        extra["initial"] = {"organiser": get_organisation().name}
    return STEP_FORMS[step](data, programme=programme, **extra)


def _check_page(request: HttpRequest, programme: ProgrammeView) -> HttpResponse:
    now = clock.now()
    people = len(queries.list_targets(programme.segment_or_draft, now=now, zone=programme.zone))
    findings = queries.check_draft(programme, people=people, today=day_of(now, programme.zone))
    context = {
        "step": "publish", "programme": programme, "steps": _steps(programme), "number": len(STEPS), "previous": "texts",
        "sentence": sentence(programme), **_effect(programme), "template": "referrals/step_publish.html",
        "findings": [_finding(each, programme) for each in findings], "people": people,
        "held": people * int(programme.draft.get("holdout_percent") or 0) // 100,
        "perms_publish": bool(request.user.may("referrals:publish")),  # type: ignore[union-attr]
        "blocked": sum(each.level == "block" for each in findings), "warned": sum(each.level == "warn" for each in findings),
    }  # fmt: skip
    return render(request, "referrals/wizard.html", context)


def _finding(each: Finding, programme: ProgrammeView) -> dict[str, Any]:
    look = {"block": ("circle-x", "bad"), "warn": ("alert-triangle", "warn"), "pass": ("circle-check", "good")}[
        each.level
    ]
    href = reverse("referrals:edit", args=[programme.id, each.step]) if each.step and each.level != "pass" else ""
    return {
        "icon": look[0],
        "tone": look[1],
        "tone_class": f"lb-{look[1]} mt-1",
        "text": finding_text(each),
        "code": each.code,
        "href": href,
    }


def _steps(programme: ProgrammeView | None) -> list[dict[str, Any]]:
    return [
        {"label": STEP_LABELS[step], "href": reverse("referrals:edit", args=[programme.id, step]) if programme else ""}
        for step in STEPS
    ]


def _effect(programme: ProgrammeView) -> dict[str, Any]:
    """What the settings so far amount to; nothing is shown that is not computed from them."""
    cost, limit = pair_cost(programme.draft), queries.fundable(programme)
    return {
        "pair_cost": money(cost, programme.currency) if cost else "", "pairs": limit // cost if cost else None,
        "limit": money(limit, programme.currency) if limit else "",
    }  # fmt: skip


def sentence(programme: ProgrammeView) -> SafeString:
    """The draft read aloud: as far as it goes."""
    draft, parts = programme.draft, []
    minimum = int(draft.get("min_order_minor") or 0)
    if draft.get("referrer_kind"):
        order = (
            _("a first order of at least %s") % money(minimum, programme.currency) if minimum else _("a first order")
        )
        parts.append(
            format_html(
                _("For every new friend with {order}, the inviter gets {reward} and the friend gets {gift}."),
                order=_bold(order), reward=_bold(_reward(draft, "referrer", programme.currency)),
                gift=_bold(_reward(draft, "friend", programme.currency)),
            )
        )  # fmt: skip
    if draft.get("hold_days") is not None:
        days = _("%s days after the order") % draft["hold_days"] if draft["hold_days"] else _("at once")
        parts += [format_html(_("Rewards are paid {when}."), when=_bold(days)), *_approvals(programme)]
    parts += [
        format_html("{}", limit_text(rule, programme.currency))
        for rule in read_limits(draft.get("limits", ()), programme.zone)
    ]
    if limit := queries.fundable(programme):
        parts.append(
            format_html(_("Altogether it spends at most {limit}."), limit=_bold(money(limit, programme.currency)))
        )
    return SafeString(("" if formats.is_chinese() else " ").join(parts))


def _approvals(programme: ProgrammeView) -> list[SafeString]:
    """Whose word a reward waits for: each, or those whose own terms ask for it."""
    if programme.approval == "person":
        return [format_html("{}", _("Before that, a person approves each reward."))]
    draft = programme.draft
    ids = [draft[f"{role}_offer_id"] or 0 for role in ("referrer", "friend") if draft.get(f"{role}_kind") == "made"]
    return [
        format_html(_("Before that, a person approves each {reward}."), reward=_bold(offer_text(offer)))
        for offer in rewards.list_offers(ids=ids) if offer.approval == "person"
    ]  # fmt: skip


def _bold(text: str) -> SafeString:
    return format_html("<b>{}</b>", text)


def _reward(draft: Any, role: str, currency: str) -> str:
    if draft[f"{role}_kind"] == "made":
        return offer_text(next(iter(rewards.list_offers(ids=[draft[f"{role}_offer_id"] or 0])), None))
    if draft[f"{role}_kind"] == "points":
        return points_text(int(draft[f"{role}_points"] or 0), draft.get(f"{role}_points_programme") or "")
    return _("%(amount)s off") % {"amount": money(int(draft[f"{role}_face_minor"] or 0), currency)}
