"""Checkout: what a cart would save, holding its coupons while somebody pays, and using them on the order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from liebian.core.errors import Conflict, Invalid, NotFound
from liebian.core.texts import mark as _
from liebian.ledger.services import post_many
from liebian.ledger.types import EntryDraft, Leg, move
from liebian.rewards.models import Coupon, Redemption, Reward
from liebian.rewards.queries.coupons import view_redemption
from liebian.rewards.rules import (
    coupon_account,
    coupon_stock,
    coupons_reserved,
    coupons_used,
    price,
    read_terms,
    spread,
)
from liebian.rewards.services.checkout.hands import Budgets, Hand, end_of_hand, find_hands, judge, lock_hands, lock_rows
from liebian.rewards.services.checkout.money import draft_settlement, step_settlement
from liebian.rewards.services.life import Step, move_rewards, post_all
from liebian.rewards.types import CheckoutRequest, CheckoutResult, LineShare, PricedCoupon, Quote

MOST_HOLD = timedelta(hours=24)


def quote_coupons(*, request: CheckoutRequest, now: datetime) -> Quote:
    """What the cart would cost. Writes nothing and promises nothing."""
    return price(request.cart, judge(request, find_hands(request.codes), now), now)


def reserve_coupons(
    *, request: CheckoutRequest, reservation: str, order_key: str = "", hold_for: timedelta, now: datetime
) -> tuple[Quote, CheckoutResult]:
    """Hold all coupons of a cart for it, or none, until `hold_for` is over; then they are free again by themselves.

    Writes Redemption; codes of pools move stock → reserved in the ledger. Raises Conflict "coupon_refused" with each reason.
    """
    if not timedelta(0) < hold_for <= MOST_HOLD:
        raise Invalid("hold", _("Coupons are held for at most %(hours)s hours."), hours=24)
    with transaction.atomic():
        _budgets, hands = lock_hands(request.codes, now)
        quote = price(request.cart, judge(request, hands, now, order_key), now)
        if quote.refusals:
            raise Conflict(
                "coupon_refused",
                _("A coupon does not count. None was held; see `coupons`."),
                reasons=dict(quote.refusals),
            )
        rows = [
            _make_redemption(request, hands[each.code], each, reservation, order_key, now + hold_for, now)
            for each in quote.coupons
        ]
        Redemption.objects.bulk_create(rows)
        post_many(entries=[_draft_hold(row, now) for row in rows if row.pool_id], now=now)
    return quote, _result(reservation, rows)


def redeem_reservation(
    *, shop: str, reservation: str, order_key: str, discounts: Mapping[str, int] | None = None, now: datetime
) -> CheckoutResult:
    """The order was placed: its coupons are used. `discounts` by code, where the shop took off less than was quoted.

    What a percentage or free shipping did not take off goes back to the budget. Until the reservation's last instant it is honoured
    though the coupon ended meanwhile, unless its terms say otherwise.
    Writes Redemption, Coupon, Reward, RewardChange, ledger. Idempotent by (reservation, order_key).
    Raises NotFound, Invalid "discount", Conflict "reservation_over", "reservation_used", "coupon_refused".
    """
    with transaction.atomic():
        rows = lock_reservation(shop, reservation, now)
        budgets, hands = lock_hands([row.code for row in rows], now)
        rows = lock_rows(rows)
        if all(row.state in ("redeemed", "rolled_back") for row in rows):
            _check_same_order(rows, order_key)
            return _result(reservation, rows)
        _check_open(rows, hands, order_key, now)
        uses = [_Use(row, hands[row.code]) for row in rows]
        for use in uses:
            _set_discount(use.row, (discounts or {}).get(use.row.code))
            use.row.state, use.row.order_key, use.row.redeemed_at = "redeemed", order_key, now
        post_all([draft for use in uses if (draft := _draft_use(use, budgets, now))], budgets, now)
        fields = ["state", "order_key", "redeemed_at", "discount_minor", "shipping_minor", "lines"]
        Redemption.objects.bulk_update(rows, fields)
        _mark_used(uses, order_key, now)
    return _result(reservation, rows)


def lock_reservation(shop: str, reservation: str, now: datetime) -> list[Redemption]:
    """Its rows, of that shop. Raises NotFound."""
    rows = list(Redemption.objects.filter(shop=shop, reservation=reservation).order_by("id"))
    if not rows:
        raise NotFound("reservation_not_found", _("There is no such reservation. Reserve the coupons first."))
    return rows


@dataclass(frozen=True, slots=True)
class _Use:
    row: Redemption
    hand: Hand

    @property
    def coupon(self) -> Coupon | None:
        return self.hand.coupon

    @property
    def reward(self) -> Reward | None:
        reward: Reward | None = self.hand.coupon.reward if self.hand.coupon else None
        return reward


def _make_redemption(
    request: CheckoutRequest,
    hand: Hand,
    priced: PricedCoupon,
    reservation: str,
    order_key: str,
    lapses_at: datetime,
    now: datetime,
) -> Redemption:
    shares = {share.id: share.minor for share in priced.lines}
    owner = hand.coupon.customer_id if hand.coupon else request.customer_id
    return Redemption(
        reservation=reservation,
        code=hand.code,
        is_sole=hand.is_sole,
        offer=hand.offer,
        pool=hand.pooled.pool if hand.pooled else None,
        customer_id=owner,
        shop=request.shop,
        order_key=order_key,
        state="reserved",
        currency=request.cart.currency,
        discount_minor=priced.discount_minor,
        shipping_minor=priced.shipping_minor,
        lines=[[line.id, line.quantity, shares.get(line.id, 0), 0] for line in request.cart.lines],
        gift=priced.gift,
        reserved_at=now,
        lapses_at=lapses_at,
    )


def _check_same_order(rows: Sequence[Redemption], order_key: str) -> None:
    if any(row.order_key != order_key for row in rows):
        raise Conflict("reservation_used", _("This reservation was used for another order."))


def _check_open(rows: Sequence[Redemption], hands: Mapping[str, Hand], order_key: str, now: datetime) -> None:
    if any(row.state != "reserved" for row in rows):
        raise Conflict(
            "reservation_over", _("This reservation has run out or was given back. Reserve the coupons again.")
        )
    if any(row.order_key not in ("", order_key) for row in rows):
        raise Conflict("reservation_used", _("This reservation was used for another order."))
    reasons = {row.code: reason for row in rows if (reason := _refuse(row, hands.get(row.code), order_key, now))}
    if reasons:
        raise Conflict("coupon_refused", _("A coupon does not count. None was held; see `coupons`."), reasons=reasons)


def _refuse(row: Redemption, hand: Hand | None, order_key: str, now: datetime) -> str:
    if hand is None:
        return "coupon_unknown"
    end = end_of_hand(hand)
    if not read_terms(row.offer.terms).honours_reservation and end is not None and now >= end:
        return "reward_expired"
    state, order = (hand.coupon.state, hand.coupon.order_key) if hand.coupon else ("issued", "")
    if state == "issued" or (state == "redeemed" and order == order_key):
        return ""
    return {"redeemed": "coupon_used", "void": "coupon_void"}.get(state, "reward_expired")


def _set_discount(row: Redemption, real: int | None) -> None:
    if real is None or real == row.discount_minor:
        return
    if not 0 <= real <= row.discount_minor:
        raise Invalid(
            "discount",
            _("A coupon takes off at most what was quoted: %(most)s."),
            most=row.discount_minor,
            coupon=row.code,
        )
    shares = [LineShare(name, minor, quantity) for name, quantity, minor, _refunded in row.lines]
    lines, row.shipping_minor = spread(real, shares, row.shipping_minor)
    row.lines = [[share.id, share.quantity, share.minor, 0] for share in lines]
    row.discount_minor = real


def _draft_hold(row: Redemption, now: datetime) -> EntryDraft:
    offer, pool_id = row.offer, int(row.pool_id or 0)
    legs = move(coupon_stock(offer.pk, offer.name, pool_id), coupons_reserved(offer.pk, offer.name, pool_id), 1)
    return EntryDraft(f"coupon-held:{row.pk}", "coupon_held", legs, now, subject=f"checkout:{pool_id}")


def _draft_use(use: _Use, budgets: Budgets, now: datetime) -> EntryDraft | None:
    row, coupon, reward = use.row, use.coupon, use.reward
    offer, subject = row.offer, f"checkout:{row.pool_id}"
    legs: tuple[Leg, ...] = ()
    if coupon is None:
        legs = move(
            coupons_reserved(offer.pk, offer.name, int(row.pool_id or 0)), coupons_used(offer.pk, offer.name), 1
        )
    elif reward is not None:
        subject = reward.qualification
        if coupon.state == "issued":
            legs = move(coupon_account(offer.pk, offer.name, coupon.customer_id), coupons_used(offer.pk, offer.name), 1)
        legs += draft_settlement(row, reward, budgets[reward.budget_id])
    if not legs:
        return None
    memo = {"order": row.order_key, "code": row.code, "discount": row.discount_minor}
    return EntryDraft(f"coupon-redeemed:{row.pk}", "coupon_used", legs, now, subject=subject, memo=memo)


def _mark_used(uses: Sequence[_Use], order_key: str, now: datetime) -> None:
    coupons, steps = [], []
    for use in uses:
        coupon, reward = use.coupon, use.reward
        if coupon is None or reward is None:
            continue
        if coupon.state == "issued":
            coupon.state, coupon.order_key, coupon.changed_at = "redeemed", order_key, now
            coupons.append(coupon)
        step = step_settlement(use.row, reward)
        if reward.state == "issued":
            step = Step(reward, "redeemed", "coupon_settled" if step else "", 1, step.minor if step else 0,
                        clawed_minor=step.clawed_minor if step else 0, by_hand=True)  # fmt: skip
        if step:
            steps.append(step)
    Coupon.objects.bulk_update(coupons, ["state", "order_key", "changed_at"])
    move_rewards(steps, at=now)


def _result(reservation: str, rows: Sequence[Redemption]) -> CheckoutResult:
    views = tuple(view_redemption(row) for row in rows)
    return CheckoutResult(reservation, rows[0].order_key if rows else "", views, {})
