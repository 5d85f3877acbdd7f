"""One budget: where its money is, in how many parts, when it is low; moving money, closing it. Acts show their effect first."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from liebian.access.guard import requires
from liebian.access.queries import find_user_names
from liebian.core import clock
from liebian.core.errors import LiebianError
from liebian.core.money import exponent
from liebian.rewards import queries, services
from liebian.rewards.budget_forms import CloseForm, PartsForm, TransferForm, WarningForm
from liebian.rewards.types import BudgetView, ReviewView
from liebian.rewards.views.forecasts import show_forecast
from liebian.rewards.views.words import BUDGET_WISHES, WHY_SECOND
from liebian.ui.formats import error_text, money


@requires("ledger:view")
@require_safe
def budget_list(request: HttpRequest) -> HttpResponse:
    budgets = queries.list_budgets()
    return render(request, "rewards/budgets.html", {"budgets": budgets})


@requires("ledger:view")
@require_safe
def budget_page(request: HttpRequest, budget_id: int) -> HttpResponse:
    return _page(request, queries.get_budget(budget_id))


@requires("ledger:fund")
@require_POST
def budget_parts(request: HttpRequest, budget_id: int) -> HttpResponse:
    """Split the budget into so many parts, or level the parts that there are."""
    budget, form = queries.get_budget(budget_id), PartsForm(request.POST)
    if "level" in request.POST:
        services.share_out(budget_id=budget_id, now=clock.now())
    elif not form.is_valid():
        return _page(request, budget, status=422, parts_form=form)
    else:
        shards = form.cleaned_data["shards"]
        services.set_shards(budget_id=budget_id, shards=shards, actor=request.user.pk, now=clock.now())
    messages.success(request, _("The parts hold equally much now."))
    return redirect("rewards:budget", budget_id)


@requires("ledger:fund")
@require_POST
def budget_warning(request: HttpRequest, budget_id: int) -> HttpResponse:
    budget = queries.get_budget(budget_id)
    form = WarningForm(request.POST, currency=budget.currency)
    if not form.is_valid():
        return _page(request, budget, status=422, warning_form=form)
    data, actor, now = form.cleaned_data, request.user.pk, clock.now()
    services.set_budget_warning(budget_id=budget_id, warn_at_minor=data["amount"], actor=actor, now=now)
    services.set_budget_horizon(
        budget_id=budget_id, warn_days=data["warn_days"], lasts_until=data["lasts_until"], actor=actor, now=now
    )
    messages.success(request, _("Saved."))
    return redirect("rewards:budget", budget_id)


@requires("ledger:fund")
@require_POST
def budget_transfer(request: HttpRequest, budget_id: int) -> HttpResponse:
    budget = queries.get_budget(budget_id)
    form = TransferForm(request.POST, currency=budget.currency, targets=_targets(budget))
    if not form.is_valid():
        return _page(request, budget, status=422, transfer_form=form)
    data = form.cleaned_data
    if "confirm" not in request.POST:
        target = queries.get_budget(data["target"])
        effect = _("%(amount)s goes from “%(from)s” to “%(to)s”. %(left)s stays available here; what is reserved stays too.") % {
            "amount": money(data["amount"], budget.currency), "from": budget.name, "to": target.name,
            "left": money(budget.available - data["amount"], budget.currency),
        }  # fmt: skip
        if budget.available >= data["amount"]:
            why = _why_second(request, budget, data["target"], data["amount"])
            return _page(request, budget, transfer_form=form, asked="transfer", effect=effect, why_second=why)
    try:
        review = services.propose_budget_transfer(
            source_id=budget_id,
            target_id=data["target"],
            amount_minor=data["amount"],
            key=data["key"],
            actor=int(request.user.pk or 0),
            now=clock.now(),
        )
    except LiebianError as error:
        form.add_error(None, error_text(error))
        return _page(request, budget, status=error.status, transfer_form=form)
    return _told(request, review, _("%(amount)s was moved.") % {"amount": money(data["amount"], budget.currency)})


@requires("ledger:fund")
@require_POST
def budget_close(request: HttpRequest, budget_id: int) -> HttpResponse:
    budget = queries.get_budget(budget_id)
    form = CloseForm(request.POST, targets=_targets(budget))
    if not form.is_valid():
        return _page(request, budget, status=422, close_form=form)
    if "confirm" not in request.POST:
        effect = _(
            "%(left)s is taken out, and nothing more is promised from this budget. %(reserved)s is promised already and is still paid. It can be opened again, with a reason."
        ) % {
            "left": money(budget.available, budget.currency),
            "reserved": money(budget.reserved + budget.payable, budget.currency),
        }
        why = _why_second(request, budget, form.cleaned_data["target"], budget.available)
        return _page(request, budget, close_form=form, asked="close", effect=effect, why_second=why)
    try:
        review = services.propose_budget_close(
            budget_id=budget_id,
            target_id=form.cleaned_data["target"],
            key=form.cleaned_data["key"],
            actor=int(request.user.pk or 0),
            now=clock.now(),
        )
    except LiebianError as error:
        form.add_error(None, error_text(error))
        return _page(request, budget, status=error.status, close_form=form)
    return _told(request, review, _("The budget is closed; what was available has been taken out."))


def _why_second(request: HttpRequest, budget: BudgetView, target_id: int | None, amount: int) -> Any:
    why = queries.why_budget_act_waits(
        budget_ids=[each for each in (budget.id, target_id) if each is not None],
        currency=budget.currency,
        amount_minor=amount,
        actor=int(request.user.pk or 0),
        at=clock.now(),
    )
    return WHY_SECOND.get(why, "")


def _told(request: HttpRequest, review: ReviewView, done: str) -> HttpResponse:
    if review.state == "waiting":
        messages.info(request, _("Nothing has moved yet: somebody else has to agree first."))
    else:
        messages.success(request, done)
    assert review.budget_act
    return redirect("rewards:budget", review.budget_act.budget_id)


def _targets(budget: BudgetView) -> list[BudgetView]:
    return [
        each
        for each in queries.list_budgets()
        if each.id != budget.id and each.currency == budget.currency and not each.closed_at
    ]


def _page(request: HttpRequest, budget: BudgetView, *, status: int = 200, **more: Any) -> HttpResponse:
    targets = _targets(budget)
    warn_at = None if budget.warn_at_minor is None else _plain(budget.warn_at_minor, budget.currency)
    context = {
        "budget": budget,
        "parts": queries.list_budget_parts(budget),
        "waiting": [_show_waiting(each) for each in queries.list_waiting_budget_acts(budget.id)],
        "may_see_reviews": bool(request.user.may("rewards:view")),  # type: ignore[union-attr]
        "may_fund": bool(request.user.may("ledger:fund")),  # type: ignore[union-attr]
        "has_targets": bool(targets),
        "parts_form": PartsForm(initial={"shards": budget.shards}),
        "warning_form": WarningForm(
            currency=budget.currency,
            initial={"amount": warn_at, "warn_days": budget.warn_days, "lasts_until": budget.lasts_until},
        ),
        "forecast": show_forecast(budget, queries.find_budget_forecast(budget.id)),
        "transfer_form": TransferForm(currency=budget.currency, targets=targets),
        "close_form": CloseForm(targets=targets),
        **more,
    }
    return render(request, "rewards/budget.html", context, status=status)


def _show_waiting(review: ReviewView) -> dict[str, Any]:
    names, asked = find_user_names([review.proposed_by]), review.budget_act
    assert asked
    said = {
        "by": names.get(review.proposed_by, f"#{review.proposed_by}"), "amount": money(asked.amount_minor, asked.currency),
        "from": asked.budget_name, "to": asked.target_name,
    }  # fmt: skip
    return {"review": review, "text": str(BUDGET_WISHES[review.act]) % said}


def _plain(minor: int, currency: str) -> Decimal:
    return Decimal(minor).scaleb(-exponent(currency))
