"""What waits for a second person, what was decided, and when a second person is asked for."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext, ngettext
from django.views.decorators.http import require_POST

from liebian.access.guard import requires
from liebian.access.queries import find_user_names, get_organisation
from liebian.core import clock
from liebian.core.days import day_of
from liebian.core.errors import LiebianError
from liebian.core.money import exponent
from liebian.customers import queries as customers
from liebian.rewards import queries, services
from liebian.rewards.forms import DeadlineForm, PolicyForm
from liebian.rewards.types import BudgetView, ProposedBudgetAct, ProposedPoints, ReviewView
from liebian.rewards.views.rewards import show_row
from liebian.rewards.views.words import OUTCOMES, REVIEW_ACTS, REVIEW_STATES, WHY_SECOND, say_change
from liebian.ui.formats import error_text, money, number

PAGE = 30
_DECIDED_BY = {**dict.fromkeys(("fund", "budget_move", "budget_close"), "ledger:fund"), "give_up": "payouts:approve"}
"""By act: the right to agree, where it is not that to review rewards."""


@requires("rewards:view")
def review_list(request: HttpRequest) -> HttpResponse:
    return _list_page(request, _policy_form())


@requires("rewards:policy")
def policy(request: HttpRequest) -> HttpResponse:
    if request.method != "POST":
        return redirect("rewards:reviews")
    form = PolicyForm(request.POST)
    if not form.is_valid():
        return _list_page(request, form, status=422)
    try:
        services.set_review_policy(policy=form.asked(), actor=int(request.user.pk or 0), now=clock.now())
    except LiebianError as error:
        form.add_error(None, error_text(error))
        return _list_page(request, form, status=error.status)
    messages.success(request, gettext("Saved. It holds from the next act on."))
    return redirect("rewards:reviews")


@requires("rewards:policy")
def deadlines(request: HttpRequest) -> HttpResponse:
    if request.method != "POST":
        return redirect("rewards:reviews")
    form = DeadlineForm(request.POST)
    if not form.is_valid():
        return _list_page(request, _policy_form(), form, status=422)
    services.set_deadlines(deadlines=form.asked(), actor=int(request.user.pk or 0), now=clock.now())
    messages.success(request, gettext("Saved. What has waited for longer ends within minutes."))
    return redirect("rewards:reviews")


@requires("rewards:view")
def review_page(request: HttpRequest, review_id: int) -> HttpResponse:
    review = queries.get_review(review_id)
    names = _name([review])
    if review.points:
        return _points_review(request, review, review.points, names)
    if review.budget_act:
        return _budget_review(request, review, review.budget_act, names)
    rewards = {each.id: each for each in queries.list_rewards(ids=[item.reward_id for item in review.items])}
    context = {
        **_show(review, names),
        **_rights(request, review),
        "rows": [
            {**show_row(rewards[item.reward_id]), "outcome": OUTCOMES.get(item.outcome, "")} for item in review.items
        ],
        "reason": gettext(queries.get_reason(review.reason).staff),
    }
    return render(request, "rewards/review.html", context)


def _points_review(
    request: HttpRequest, review: ReviewView, points: ProposedPoints, names: dict[int, str]
) -> HttpResponse:
    now = queries.get_points_balance(points.customer_id, at=clock.now(), asset=points.asset)
    context = {
        **_show(review, names),
        **_rights(request, review),
        "reason": gettext(queries.get_reason(review.reason).staff) if review.reason else "",
        "points": points,
        "usable": now.active,
        "usable_after": now.active + points.amount if review.act == "adjust" else None,
        "is_erased": review.state == "waiting" and review.act != "forgive" and _is_erased(points),
        "is_short": review.state == "waiting" and _needs_them_all(review) and now.active + points.amount < 0,
    }
    return render(request, "rewards/review.html", context)


def _is_erased(points: ProposedPoints) -> bool:
    people = [each for each in (points.customer_id, points.receiver_id) if each]
    return bool(customers.list_erased(customers.find_selves(people)))


def _budget_review(
    request: HttpRequest, review: ReviewView, asked: ProposedBudgetAct, names: dict[int, str]
) -> HttpResponse:
    budget = queries.get_budget(asked.budget_id)
    target = queries.get_budget(asked.target_id) if asked.target_id else None
    after = {"fund": budget.available + asked.amount_minor, "budget_move": budget.available - asked.amount_minor, "budget_close": 0}  # fmt: skip
    waits = review.state == "waiting"
    context = {
        **_show(review, names),
        **_rights(request, review),
        "budget_act": asked,
        "budget": budget,
        "target": target,
        "is_closed": waits and _is_closed(review, budget, target),
        "is_too_little": waits and after[review.act] < 0,
        "available_after": after[review.act] if waits else None,
    }
    return render(request, "rewards/review.html", context)


def _is_closed(review: ReviewView, budget: BudgetView, target: BudgetView | None) -> bool:
    """Closing goes on with a budget that is closed: what has come back is taken out."""
    needed = [target] if review.act == "budget_close" else [budget, target]
    return any(each.closed_at is not None for each in needed if each)


def _needs_them_all(review: ReviewView) -> bool:
    return review.act in ("adjust", "transfer")


def _rights(request: HttpRequest, review: ReviewView) -> dict[str, bool]:
    own, waits = review.proposed_by == request.user.pk, review.state == "waiting"
    return {"may_agree": waits and not own and _may_decide(request, review), "may_withdraw": waits and own}


def _may_decide(request: HttpRequest, review: ReviewView) -> bool:
    return bool(request.user.may(_DECIDED_BY.get(review.act, "rewards:review")))  # type: ignore[union-attr]


@requires("rewards:view")
@require_POST
def decide(request: HttpRequest, review_id: int) -> HttpResponse:
    """Agreeing and declining needs the right to; withdrawing one's own does not."""
    now, review = clock.now(), queries.get_review(review_id)
    if review.proposed_by != request.user.pk and not _may_decide(request, review):
        messages.error(request, gettext("You may see this proposal, but not decide about it."))
        return redirect("rewards:review", review_id)
    try:
        review = services.decide_review(
            review_id=review_id,
            agree=request.POST.get("answer") == "agree",
            note=request.POST.get("note", "")[:500],
            actor=int(request.user.pk or 0),
            day=day_of(now, settings.TIME_ZONE),
            now=now,
        )
    except LiebianError as error:
        messages.error(request, error_text(error))
        return redirect("rewards:review", review_id)
    messages.success(request, str(REVIEW_STATES[review.state].name))
    return redirect("rewards:review", review_id)


def _list_page(
    request: HttpRequest, form: PolicyForm, deadline_form: DeadlineForm | None = None, *, status: int = 200
) -> HttpResponse:
    limits = queries.get_deadlines()
    said = {name: getattr(limits, name) or None for name in ("decide_days", "claim_days")}
    waiting = queries.list_reviews(state="waiting", limit=PAGE)
    recent = [each for each in queries.list_reviews(limit=PAGE) if each.state != "waiting"]
    names = _name([*waiting, *recent])
    context = {
        "waiting": [_show(each, names) for each in waiting],
        "recent": [_show(each, names) for each in recent],
        "form": form,
        "policy": queries.get_review_policy(),
        "deadlines": limits,
        "deadline_form": deadline_form or DeadlineForm(initial=said),
        "may_set": bool(request.user.may("rewards:policy")),  # type: ignore[union-attr]
    }
    return render(request, "rewards/reviews.html", context, status=status)


def _policy_form() -> PolicyForm:
    now = queries.get_review_policy()
    currency = now.currency or get_organisation().currency or "CNY"
    amount = Decimal(now.from_minor).scaleb(-exponent(currency)) if now.from_minor else None
    points = now.from_points or None
    return PolicyForm(initial={"mode": now.mode, "currency": currency, "amount": amount, "points": points})


def _name(reviews: Iterable[ReviewView]) -> dict[int, str]:
    found = list(reviews)
    people = {each.proposed_by for each in found} | {each.decided_by for each in found if each.decided_by}
    return find_user_names(sorted(people))


def _say_extent(review: ReviewView) -> str:
    if review.points:
        return say_change(review.points.amount)
    if review.budget_act:
        return money(review.budget_act.amount_minor, review.budget_act.currency)
    return ngettext("%(n)s reward", "%(n)s rewards", review.n_rewards) % {"n": number(review.n_rewards)}


def _show(review: ReviewView, names: dict[int, str]) -> dict[str, Any]:
    return {
        "review": review,
        "act": REVIEW_ACTS[review.act],
        "extent": _say_extent(review),
        "state": REVIEW_STATES[review.state],
        "why_second": WHY_SECOND.get(review.why_second, ""),
        "by": names.get(review.proposed_by, f"#{review.proposed_by}"),
        "decided_by": names.get(review.decided_by, f"#{review.decided_by}") if review.decided_by else "",
    }
