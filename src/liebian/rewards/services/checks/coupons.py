"""Coupons: those that customers have, codes in stock and in carts, against the accounts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from django.db.models import Count, Q, Sum

from liebian.core.texts import mark as _
from liebian.ledger import queries as ledger
from liebian.rewards.models import Coupon, CouponCode, CouponFill, CouponPool, Offer, Redemption
from liebian.rewards.rules import coupon_stock, coupons_reserved, promised_codes, stock_ends
from liebian.rewards.services.checks.base import Figure, compare
from liebian.rewards.types import Compared


class CouponCheck:
    code = "coupons"
    title = _("Coupons: coupons and codes against accounts")
    figures = {"coupons": _("unused coupons"), "codes": _("codes")}
    page = ""
    writes = False

    def compare(self, now: datetime) -> Compared:
        held, counted = _compare_customers()
        held_stock, counted_stock = _compare_stock()
        return compare(held | held_stock, counted | counted_stock)


def _compare_customers() -> tuple[dict[Figure, int], dict[Figure, int]]:
    offers = list(Offer.objects.filter(kind="coupon").values_list("id", flat=True))
    books = ledger.count_books(codes=[f"coupon:{offer}" for offer in offers])
    held = {(each.code, "coupons", each.asset): each.balance_of("coupons") for each in books}
    rows = Coupon.objects.filter(state="issued").order_by().values_list("offer_id").annotate(n=Count("id"))
    return held, {(f"coupon:{offer}", "coupons", f"COUPON:{offer}/0"): n for offer, n in rows}


def _compare_stock() -> tuple[dict[Figure, int], dict[Figure, int]]:
    pools = list(CouponPool.objects.select_related("offer").order_by("id"))
    own = [pool.pk for pool in pools if pool.kind != "rewards"]
    filled = _by_pool(CouponFill.objects.filter(pool__in=own).values_list("pool_id").annotate(n=Sum("n_codes")))
    in_use = Redemption.objects.filter(pool__in=own, state__in=("reserved", "redeemed")).values_list("pool_id")
    used = _by_pool(in_use.annotate(n=Count("id")))
    in_carts = _by_pool(in_use.annotate(n=Count("id", filter=Q(state="reserved"))))
    free = _by_pool(CouponCode.objects.filter(cause__isnull=True).values_list("pool_id").annotate(n=Count("id")))
    counted: dict[Figure, int] = defaultdict(int)
    own_free: dict[int, int] = defaultdict(int)
    kinds = {pool.offer_id: pool.offer.kind for pool in pools}
    for pool in pools:
        asset = f"COUPON:{pool.offer_id}/0"
        if pool.kind == "rewards":
            own_free[pool.offer_id] += free[pool.pk]
            continue
        stock, carts = coupon_stock(pool.offer_id, "", pool.pk), coupons_reserved(pool.offer_id, "", pool.pk)
        counted[f"account:{stock.code}", "codes", asset] = filled[pool.pk] - used[pool.pk]
        counted[f"account:{carts.code}", "codes", asset] = in_carts[pool.pk]
    balances = ledger.list_balances(subject.removeprefix("account:") for subject, _what, _unit in counted)
    held = {figure: balances[figure[0].removeprefix("account:")] for figure in counted}
    held_free = _hold_free(kinds, own_free)
    return held | held_free, counted | {
        figure: own_free[offer_id] for figure, offer_id in zip(held_free, own_free, strict=True)
    }


def _hold_free(kinds: dict[int, str], offers: Iterable[int]) -> dict[Figure, int]:
    """By offer: codes of its pools in stock and those that were promised; neither has a person yet."""
    held = {}
    for offer_id in offers:
        stock, promised = stock_ends(kinds[offer_id], offer_id, "")[1], promised_codes(kinds[offer_id], offer_id, "")
        balances = ledger.list_balances([stock.code, promised.code])
        held[f"account:{stock.code}", "codes", stock.asset] = balances[stock.code] + balances[promised.code]
    return held


def _by_pool(rows: Iterable[tuple[int, int]]) -> dict[int, int]:
    return defaultdict(int, dict(rows))
