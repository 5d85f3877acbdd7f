"""Gifts and privileges: what there is, what is left of it, filling a stock."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext, ngettext
from django.views.decorators.http import require_POST

from liebian.access.guard import requires
from liebian.access.queries import get_organisation
from liebian.core import clock
from liebian.core.days import day_of
from liebian.core.errors import LiebianError
from liebian.ledger.queries import count_entries
from liebian.rewards import queries, services
from liebian.rewards.gift_forms import GiftForm, StockForm
from liebian.rewards.types import OfferView
from liebian.rewards.views.gift_words import say_privilege
from liebian.ui.formats import error_text, money, number


@requires("rewards:view")
def gift_list(request: HttpRequest) -> HttpResponse:
    offers = [offer for offer in queries.list_offers() if offer.kind in ("code", "privilege")][::-1]
    pools: dict[int, int] = {}
    for pool in queries.list_pools():
        pools[pool.offer_id] = pools.get(pool.offer_id, 0) + pool.n_left
    context = {
        "gifts": queries.list_gift_stocks(),
        "codes": [{"offer": each, "n_left": pools.get(each.id, 0)} for each in offers if each.kind == "code"],
        "privileges": [_show_privilege(each) for each in offers if each.kind == "privilege"],
        "may_ship": may_ship(request),
    }
    return render(request, "rewards/gifts.html", context)


@requires("rewards:ship")
def gift_new(request: HttpRequest) -> HttpResponse:
    levels, initial = queries.get_level_book(), {"currency": get_organisation().currency or "CNY"}
    form = GiftForm(request.POST or None, initial=initial, levels=levels)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                offer = services.create_offer(draft=form.draft(), now=clock.now())
            except LiebianError as error:
                form.add_error(None, error_text(error))
            else:
                messages.success(request, gettext("“%(name)s” can be given now.") % {"name": offer.name})
                return redirect("rewards:gift", offer.id) if offer.kind == "gift" else redirect("rewards:gifts")
    return render(request, "rewards/gift_new.html", {"form": form, "levels": levels.list_names()}, status=status)


@requires("rewards:view")
def gift_page(request: HttpRequest, offer_id: int) -> HttpResponse:
    return _page(request, offer_id, StockForm())


@requires("rewards:ship")
@require_POST
def gift_restock(request: HttpRequest, offer_id: int) -> HttpResponse:
    form = StockForm(request.POST)
    if not form.is_valid():
        return _page(request, offer_id, form, status=422)
    now, data = clock.now(), form.cleaned_data
    try:
        services.restock(
            offer_id=offer_id,
            n_units=data["n_units"],
            note=data["note"],
            idempotency_key=data["key"],
            actor=int(request.user.pk or 0),
            day=day_of(now, settings.TIME_ZONE),
            now=now,
        )
    except LiebianError as error:
        form.add_error(None, error_text(error))
        return _page(request, offer_id, form, status=error.status)
    n_units = data["n_units"]
    said = (
        ngettext("%(n)s piece came in.", "%(n)s pieces came in.", n_units)
        if n_units > 0
        else ngettext("%(n)s piece was taken out.", "%(n)s pieces were taken out.", -n_units)
    )
    messages.success(request, said % {"n": number(abs(n_units))})
    return redirect("rewards:gift", offer_id)


def may_ship(request: HttpRequest) -> bool:
    return bool(request.user.may("rewards:ship"))  # type: ignore[union-attr]


def _show_privilege(offer: OfferView) -> dict[str, Any]:
    terms = offer.privilege
    return {
        "offer": offer,
        "what": say_privilege(terms.kind, terms.subject) if terms else "",
        "cost": money(offer.cost_minor, offer.currency),
        "is_level": terms is not None and terms.kind == "level",
        "groups": queries.get_level_book().find_groups(terms.subject) if terms and terms.kind == "level" else (),
    }


def _page(request: HttpRequest, offer_id: int, form: StockForm, *, status: int = 200) -> HttpResponse:
    context = {
        "stock": queries.get_gift_stock(offer_id),
        "offer": queries.list_offers(ids=[offer_id])[0],
        "form": form,
        "n_entries": count_entries(book=f"gift:{offer_id}"),
        "may_ship": may_ship(request),
    }
    return render(request, "rewards/gift.html", context, status=status)
