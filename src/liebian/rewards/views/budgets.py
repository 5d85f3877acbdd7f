"""Putting money into a budget: amount, then the effect in numbers, then done once."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from liebian.access.guard import requires
from liebian.core import clock
from liebian.core.errors import LiebianError
from liebian.rewards import queries, services
from liebian.rewards.forms import FundForm
from liebian.rewards.types import BudgetView
from liebian.rewards.views.words import WHY_SECOND
from liebian.ui.formats import error_text, money


@requires("ledger:fund")
def fund(request: HttpRequest, budget_id: int) -> HttpResponse:
    budget = queries.get_budget(budget_id)
    if request.method != "POST":
        return _page(request, budget, FundForm(currency=budget.currency))
    form = FundForm(request.POST, currency=budget.currency)
    if not form.is_valid():
        return _page(request, budget, form, status=422)
    amount: int = form.cleaned_data["amount"]
    if "confirm" not in request.POST:
        return _page(request, budget, form, amount=amount)
    try:
        review = services.propose_funding(
            budget_id=budget_id,
            amount_minor=amount,
            key=form.cleaned_data["key"],
            actor=int(request.user.pk or 0),
            now=clock.now(),
        )
    except LiebianError as error:
        form.add_error(None, error_text(error))
        return _page(request, budget, form, status=error.status)
    if review.state == "waiting":
        messages.info(request, _("Nothing has moved yet: somebody else has to agree first."))
        return redirect("rewards:budget", budget_id)
    texts = {"amount": money(amount, budget.currency), "name": budget.name}
    messages.success(request, _("%(amount)s is now in “%(name)s”.") % texts)
    return redirect(f"{reverse('ledger:home')}?book=budget:{budget_id}")


def _page(
    request: HttpRequest, budget: BudgetView, form: FundForm, *, amount: int | None = None, status: int = 200
) -> HttpResponse:
    context: dict[str, Any] = {"budget": budget, "form": form, "amount": amount}
    if amount is not None:
        context["available_after"] = budget.available + amount
        actor = int(request.user.pk or 0)
        why = queries.why_budget_act_waits(
            budget_ids=[budget.id], currency=budget.currency, amount_minor=amount, actor=actor, at=clock.now()
        )
        context["why_second"] = WHY_SECOND.get(why, "")
    return render(request, "rewards/fund.html", context, status=status)
