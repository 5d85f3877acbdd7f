"""Coupons after they were issued: used on an order, or expired unused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from django.db import transaction

from liebian.ledger.services import post_many
from liebian.ledger.types import EntryDraft, move
from liebian.rewards.models import Coupon, Redemption
from liebian.rewards.queries import list_rewards
from liebian.rewards.rules import BudgetAccounts, coupon_account, coupon_world, coupons_used
from liebian.rewards.services.life import Step, lock_budgets, move_rewards
from liebian.rewards.types import CouponOutcome, CouponUse, RewardView


def redeem_coupons(*, uses: Sequence[CouponUse], now: datetime) -> list[CouponOutcome]:
    """Count coupons as used on orders; answers one outcome per use, in order. A use counts at its own time.

    A coupon stays used when the order on which it was used comes back; when the order that earned it comes back, its money
    is written off (see `claw_back_many`).
    The same order may have redeemed it at the checkout, or given it back there: both count as this use. While the cart of another
    order holds it, it is not free.
    Writes Coupon, Reward, RewardChange, ledger. Idempotent by (code, order_key): one order may repeat its use.
    """
    codes = {use.code.strip().upper() for use in uses}
    budget_ids = list(Coupon.objects.filter(code__in=codes).values_list("reward__budget_id", flat=True))
    with transaction.atomic():
        lock_budgets(budget_ids)
        rows = Coupon.objects.filter(code__in=codes).select_related("reward", "offer")
        coupons = {row.code: row for row in rows}
        outcomes, taken = _decide(uses, coupons, _list_held(codes))
        post_many(entries=[_draft_use(coupon, use) for coupon, use in taken], now=now)
        for coupon, use in taken:
            coupon.state, coupon.order_key, coupon.changed_at = "redeemed", use.order_key, use.at
        Coupon.objects.bulk_update([coupon for coupon, _ in taken], ["state", "order_key", "changed_at"])
        move_rewards([Step(coupon.reward, "redeemed", amount=1, at=use.at) for coupon, use in taken], at=now)
    return outcomes


def expire_coupons(*, day: date, now: datetime, limit: int = 500) -> list[RewardView]:
    """Expire unused coupons whose `expires_on` has come by `day`, at most `limit`; call until it returns nothing.

    A coupon that nobody used cost nothing, so its money returns to the budget. One that a cart holds waits.
    Writes Coupon, Reward, RewardChange, ledger.
    """
    in_cart = Redemption.objects.filter(state="reserved", lapses_at__gt=now).values("code")
    due = (
        Coupon.objects.filter(state="issued", expires_on__lte=day)
        .exclude(code__in=in_cart)
        .order_by("expires_on", "id")
    )
    picked = list(due.values_list("id", "reward__budget_id")[:limit])
    if not picked:
        return []
    with transaction.atomic():
        budgets = lock_budgets(budget_id for _, budget_id in picked)
        rows = Coupon.objects.filter(pk__in=[coupon_id for coupon_id, _ in picked], state="issued")
        coupons = list(rows.exclude(code__in=in_cart).select_related("reward", "offer").order_by("id"))
        post_many(entries=[_draft_expiry(row, budgets[row.reward.budget_id], now) for row in coupons], now=now)
        ids = [row.pk for row in coupons]
        Coupon.objects.filter(pk__in=ids, state="issued").update(state="expired", changed_at=now)
        move_rewards([_expire(row) for row in coupons], at=now)
    return list_rewards(ids=[row.reward_id for row in coupons])[::-1]


_Held = Mapping[str, Sequence[Redemption]]
_IN_A_CART = ("reserved", "lapsed")  # until its end, whenever that is written down


def _list_held(codes: set[str]) -> dict[str, list[Redemption]]:
    held: dict[str, list[Redemption]] = {}
    for row in Redemption.objects.filter(code__in=codes, state__in=(*_IN_A_CART, "rolled_back")):
        held.setdefault(row.code, []).append(row)
    return held


def _decide(
    uses: Sequence[CouponUse], coupons: Mapping[str, Coupon], held: _Held
) -> tuple[list[CouponOutcome], list[tuple[Coupon, CouponUse]]]:
    outcomes = []
    taken: dict[str, tuple[Coupon, CouponUse]] = {}
    for use in uses:
        code = use.code.strip().upper()
        coupon = coupons.get(code)
        in_carts = held.get(code, ())
        reason = _refuse(coupon, use, taken[code][1].order_key if code in taken else "", in_carts)
        if coupon and not reason and coupon.state == "issued" and not _gave_back(use, in_carts):
            taken.setdefault(code, (coupon, use))
        outcomes.append(CouponOutcome(code, not reason, reason, coupon.reward_id if coupon else None))
    return outcomes, list(taken.values())


def _gave_back(use: CouponUse, in_carts: Sequence[Redemption]) -> bool:
    return any(row.state == "rolled_back" and row.order_key == use.order_key for row in in_carts)


def _refuse(coupon: Coupon | None, use: CouponUse, taken_by: str, in_carts: Sequence[Redemption]) -> str:
    """Why the coupon does not count for this use; empty when it does."""
    if coupon is None:
        return "coupon_unknown"
    if coupon.customer_id != use.customer_id:
        return "coupon_not_theirs"
    if _gave_back(use, in_carts):
        return ""
    used_on = taken_by or coupon.order_key
    if used_on:
        return "" if used_on == use.order_key else "coupon_used"
    if coupon.state == "void":
        return "coupon_void"
    if coupon.state == "expired" or use.day >= coupon.expires_on or use.at >= coupon.expires_at:
        return "reward_expired"
    carts = [row for row in in_carts if row.state in _IN_A_CART and row.reserved_at <= use.at < row.lapses_at]
    return "coupon_reserved" if any(row.order_key not in ("", use.order_key) for row in carts) else ""


def _draft_use(coupon: Coupon, use: CouponUse) -> EntryDraft:
    offer = coupon.offer
    return EntryDraft(
        key=f"coupon-used:{coupon.code}:{use.order_key}",
        kind="coupon_used",
        legs=move(coupon_account(offer.pk, offer.name, coupon.customer_id), coupons_used(offer.pk, offer.name), 1),
        effective_at=use.at,
        subject=coupon.reward.qualification,
        memo={"reward": coupon.reward_id, "order": use.order_key},
    )


def _draft_expiry(coupon: Coupon, accounts: BudgetAccounts, now: datetime) -> EntryDraft:
    offer = coupon.offer
    available = accounts.available(coupon.reward.qualification)
    money = move(accounts.paid_out, available, coupon.reward.cost_minor - coupon.reward.clawed_minor)
    unit = move(coupon_account(offer.pk, offer.name, coupon.customer_id), coupon_world(offer.pk, offer.name), 1)
    return EntryDraft(
        key=f"coupon-expired:{coupon.code}",
        kind="coupon_expired",
        legs=money + unit,
        effective_at=now,
        subject=coupon.reward.qualification,
        memo={"reward": coupon.reward_id, "programme": coupon.reward.programme_id},
    )


def _expire(coupon: Coupon) -> Step:
    return Step(coupon.reward, "expired", reason="reward_expired", amount=1, minor=coupon.reward.cost_minor)
