"""One customer's money: promised, owed, on its way, paid."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from liebian.access.guard import requires
from liebian.customers import queries as customers
from liebian.payouts import queries
from liebian.payouts.forms import ADAPTERS
from liebian.payouts.views.words import show_payout

SHOWN = 5


@requires("payouts:view")
def customer_panel(request: HttpRequest, customer_id: int) -> HttpResponse:
    person = customers.get_customer(customer_id).id
    names = dict(ADAPTERS)
    context = {
        "customer_id": person,
        "sums": queries.list_money_of(person),
        "hints": [(names[adapter], hint) for adapter, hint in queries.get_payee_hints(person).items()],
        "rows": [
            show_payout(each) for each in queries.list_payouts(customer_ids=customers.list_ids_of(person), limit=SHOWN)
        ],
        "may_prepare": bool(request.user.may("payouts:prepare")),  # type: ignore[union-attr]
    }
    return render(request, "payouts/_customer_panel.html", context)
