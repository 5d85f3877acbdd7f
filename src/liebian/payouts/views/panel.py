"""What other pages show of payouts: one customer's money, and how one reward is paid."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from liebian.access.guard import requires
from liebian.customers import queries as customers
from liebian.payouts import queries
from liebian.payouts.forms import ADAPTERS
from liebian.payouts.types import LIVE
from liebian.payouts.views.words import show_payout
from liebian.rewards import queries as rewards

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


@requires("payouts:view")
def reward_panel(request: HttpRequest, reward_id: int) -> HttpResponse:
    reward = rewards.get_reward(reward_id)
    payouts = queries.list_payouts(reward_id=reward_id, limit=SHOWN)
    context = {
        "reward": reward,
        "rows": [show_payout(each) for each in payouts],
        "is_owed": reward.state == "issuing" and not any(each.state in LIVE for each in payouts),
        "may_prepare": bool(request.user.may("payouts:prepare")),  # type: ignore[union-attr]
    }
    return render(request, "payouts/_reward_panel.html", context)
