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
        services.fund_budget(
            budget_id=budget_id,
            amount_minor=amount,
            idempotency_key=form.cleaned_data["key"],
            actor=request.user.pk,
            now=clock.now(),
        )
    except LiebianError as error:
        form.add_error(None, error_text(error))
        return _page(request, budget, form, status=error.status)
    texts = {"amount": money(amount, budget.currency), "name": budget.name}
    messages.success(request, _("%(amount)s is now in “%(name)s”.") % texts)
    return redirect(f"{reverse('ledger:home')}?book=budget:{budget_id}")


def _page(
    request: HttpRequest, budget: BudgetView, form: FundForm, *, amount: int | None = None, status: int = 200
) -> HttpResponse:
    context: dict[str, Any] = {"budget": budget, "form": form, "amount": amount}
    if amount is not None:
        context["available_after"] = budget.available + amount
        context["funded_after"] = budget.funded + amount
    return render(request, "rewards/fund.html", context, status=status)
