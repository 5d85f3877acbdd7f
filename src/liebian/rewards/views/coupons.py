"""Coupons and their terms, one code's history, and the keys of shops."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from liebian.access.guard import requires
from liebian.access.queries import get_organisation
from liebian.core import clock
from liebian.core.errors import LiebianError
from liebian.rewards import queries, services
from liebian.rewards.coupon_forms import PoolForm, ShopKeyForm, TermsForm
from liebian.rewards.types import PoolView, RedemptionView
from liebian.rewards.views.words import StateWords, words_of
from liebian.ui.formats import error_text, money, named

USES = {
    "reserved": StateWords(_("In a cart"), "warn", "shopping-cart"),
    "redeemed": StateWords(_("Used"), "good", "check"),
    "released": StateWords(_("Let go"), "", "arrow-back-up"),
    "lapsed": StateWords(_("Time ran out"), "", "hourglass-empty"),
    "rolled_back": StateWords(_("Order came back"), "", "arrow-back-up"),
}
KINDS = {"rewards": _("for rewards"), "open": _("for whoever brings one"), "retail": _("one code for everybody")}


@requires("rewards:view")
def coupon_list(request: HttpRequest) -> HttpResponse:
    return coupons_page(request)


@requires("rewards:coupons")
def coupon_new(request: HttpRequest) -> HttpResponse:
    initial = {"currency": get_organisation().currency or "CNY", "valid_days": 30}
    form = TermsForm(request.POST or None, initial=initial)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                offer = services.create_offer(draft=form.draft(), now=clock.now())
            except LiebianError as error:
                form.add_error(None, error_text(error))
            else:
                messages.success(request, gettext("“%(name)s” can have codes now.") % {"name": named(offer.name)})
                return redirect("rewards:coupons")
    return render(request, "rewards/coupon_new.html", {"form": form}, status=status)


@requires("rewards:view")
def coupon_code(request: HttpRequest) -> HttpResponse:
    """Whose a code is, where it came from, and every cart and order that had it."""
    code = request.GET.get("code", "").strip().upper()[:40]
    clean = code if code.isprintable() else ""
    coupon = queries.find_coupon(clean) if clean else None
    pool = queries.find_pool_of(clean) if clean else None
    reward = queries.get_reward(coupon.reward_id) if coupon else None
    context = {
        "code": clean,
        "coupon": coupon,
        "pool": pool,
        "reward": reward,
        "state": words_of(reward.state, is_on_hold=reward.is_on_hold) if reward else None,
        "uses": [_show_use(each) for each in queries.list_redemptions(code=clean)],
        "is_known": bool(coupon or pool),
    }
    return render(request, "rewards/coupon_code.html", context)


@requires("sources:manage")
@require_POST
def shop_key_new(request: HttpRequest) -> HttpResponse:
    form = ShopKeyForm(request.POST)
    if not form.is_valid():
        return coupons_page(request, shop_form=form, status=422)
    try:
        view, key = services.create_shop_key(
            name=form.cleaned_data["name"], actor_id=int(request.user.pk or 0), now=clock.now()
        )
    except LiebianError as error:
        form.add_error("name", error_text(error))
        return coupons_page(request, shop_form=form, status=error.status)
    response = render(request, "rewards/shop_key.html", {"shop": view, "key": key})
    response["Cache-Control"] = "no-store"
    return response


@requires("sources:manage")
@require_POST
def shop_key_switch(request: HttpRequest, key_id: int) -> HttpResponse:
    services.set_shop_key_enabled(
        key_id=key_id, is_enabled=request.POST.get("on") == "1", actor_id=int(request.user.pk or 0), now=clock.now()
    )
    return redirect("rewards:coupons")


def coupons_page(
    request: HttpRequest, *, pool_form: PoolForm | None = None, shop_form: ShopKeyForm | None = None, status: int = 200
) -> HttpResponse:
    offers = [offer for offer in queries.list_offers() if offer.kind in ("coupon", "code")][::-1]
    context = {
        "pools": [show_pool(each) for each in queries.list_pools()],
        "pool_form": pool_form or PoolForm(offers=offers),
        "has_offers": bool(offers),
        "shops": queries.list_shop_keys(),
        "shop_form": shop_form or ShopKeyForm(),
        "may_edit": bool(request.user.may("rewards:coupons")),  # type: ignore[union-attr]
        "may_keys": bool(request.user.may("sources:manage")),  # type: ignore[union-attr]
    }
    return render(request, "rewards/coupons.html", context, status=status)


def show_pool(pool: PoolView) -> dict[str, Any]:
    return {"pool": pool, "kind": KINDS[pool.kind], "n_used": pool.n_codes - pool.n_left}


def _show_use(use: RedemptionView) -> dict[str, Any]:
    return {
        "use": use,
        "state": USES[use.state],
        "discount": money(use.discount_minor, use.currency),
        "refunded": money(use.refunded_minor, use.currency) if use.refunded_minor else "",
    }
