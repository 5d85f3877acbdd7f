"""Giving coupons back: a cart that was left, an order that was cancelled, or some of its lines that came back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.conf import settings
from django.db import transaction

from liebian.core.errors import Invalid, NotFound
from liebian.core.texts import mark as _
from liebian.ledger.services import post_each_pooled, post_many
from liebian.ledger.types import EntryDraft, InsufficientFunds, Leg, move
from liebian.rewards.models import Coupon, Redemption, Reward
from liebian.rewards.queries.coupons import view_redemption
from liebian.rewards.rules import (
    BudgetAccounts,
    coupon_account,
    coupon_stock,
    coupons_used,
    end_after_return,
    first_day_after,
    read_terms,
    share_of,
)
from liebian.rewards.services.checkout.hands import Budgets, lock_hands, lock_rows
from liebian.rewards.services.checkout.lapsing import draft_release
from liebian.rewards.services.checkout.money import draft_settlement, step_settlement
from liebian.rewards.services.life import Step, move_rewards, post_all
from liebian.rewards.types import CheckoutResult, LineShare


@dataclass
class _Back:
    """What this call changes, with the budgets that it locked."""

    budgets: Budgets
    refunded: dict[str, int] = field(default_factory=dict)
    returned: list[str] = field(default_factory=list)
    kept: dict[str, str] = field(default_factory=dict)


def give_back(
    *,
    shop: str,
    reservation: str = "",
    order_key: str = "",
    lines: Mapping[str, int] | None = None,
    now: datetime,
) -> CheckoutResult:
    """Undo a reservation, or an order that used coupons; with `lines` (pieces by line) only so much of the order.

    A reservation is let go. An order that comes back wholly gives its coupons back by their terms: with their old end, with days of
    grace, or not; one whose budget cannot carry it again stays used ("campaign_budget"). Lines that come back give back their share of the
    discount, and the coupon stays used until the whole order is back. What was not taken off in the end returns to the budget.
    Writes Redemption, Coupon, Reward, RewardChange, ledger. A whole order may be given back again; pieces count each time.
    Raises NotFound, Invalid "refund_line", "refund_too_large", "refund_not_redeemed".
    """
    with transaction.atomic():
        rows = _find(shop, reservation, order_key)
        budgets, hands = lock_hands([row.code for row in rows], now)
        rows = lock_rows(rows)
        back = _Back(budgets)
        if lines is not None:
            _check_lines(rows, lines)
        for row in rows:
            coupon = hands[row.code].coupon if row.code in hands else None
            if row.state == "reserved":
                _let_go(row, back, now)
            elif row.state == "redeemed":
                _refund(row, lines, coupon, back, now)
    views = tuple(view_redemption(row) for row in rows)
    return CheckoutResult(rows[0].reservation, rows[0].order_key, views, back.refunded, tuple(back.returned), back.kept)


def _find(shop: str, reservation: str, order_key: str) -> list[Redemption]:
    asked = {"reservation": reservation, "order_key": order_key}
    wanted = {name: value for name, value in asked.items() if value}
    rows = list(Redemption.objects.filter(shop=shop, **wanted).order_by("id")) if wanted else []
    if not rows:
        raise NotFound("reservation_not_found", _("There is no such reservation or order with coupons."))
    live = [row for row in rows if row.state in ("reserved", "redeemed")]
    return live or rows


def _check_lines(rows: Sequence[Redemption], lines: Mapping[str, int]) -> None:
    for row in rows:
        if row.state != "redeemed":
            raise Invalid("refund_not_redeemed", _("Only lines of an order that used its coupons can come back."))
        known = {name: quantity - refunded for name, quantity, _minor, refunded in row.lines}
        for name, pieces in lines.items():
            if name not in known:
                raise Invalid("refund_line", _("The order has no line '%(line)s'."), line=name)
            if not 0 < pieces <= known[name]:
                raise Invalid(
                    "refund_too_large",
                    _("Of line '%(line)s', %(left)s pieces can still come back."), line=name, left=known[name],
                )  # fmt: skip


def _let_go(row: Redemption, back: _Back, now: datetime) -> None:
    row.state, row.closed_at = "released", now
    row.save(update_fields=["state", "closed_at"])
    if draft := draft_release(row, now):
        post_many(entries=[draft], now=now)
    back.returned.append(row.code)


def _refund(
    row: Redemption, lines: Mapping[str, int] | None, coupon: Coupon | None, back: _Back, now: datetime
) -> None:
    before = row.refunded_minor
    asked = {name: left for name, left in _left(row).items() if left} if lines is None else lines
    row.lines = [
        [name, quantity, minor, refunded + asked.get(name, 0)] for name, quantity, minor, refunded in row.lines
    ]
    is_whole = not any(_left(row).values())
    shares = (share_of(LineShare(name, minor, quantity), refunded) for name, quantity, minor, refunded in row.lines)
    row.refunded_minor = sum(shares) + (row.shipping_minor if is_whole else 0)
    back.refunded[row.code] = row.refunded_minor - before
    if is_whole:
        row.state, row.closed_at = "rolled_back", now
    if is_whole and _return_coupon(row, coupon, back, now):
        back.returned.append(row.code)
    else:
        back.kept.setdefault(row.code, "coupon_stays_used" if is_whole else "coupon_order_in_part")
        _settle(row, coupon, back.budgets, now)
    row.save(update_fields=["lines", "refunded_minor", "state", "closed_at"])


def _left(row: Redemption) -> dict[str, int]:
    return {name: quantity - refunded for name, quantity, _minor, refunded in row.lines}


def _return_coupon(row: Redemption, coupon: Coupon | None, back: _Back, now: datetime) -> bool:
    terms = read_terms(row.offer.terms)
    if terms.on_return == "never" or (coupon is None and row.pool_id is None):
        return False
    legs: tuple[Leg, ...]
    offer = row.offer
    if coupon is None:
        legs = move(coupons_used(offer.pk, offer.name), coupon_stock(offer.pk, offer.name, row.pool_id), 1)
    elif coupon.state != "redeemed" or coupon.reward.state != "redeemed" or coupon.order_key != row.order_key:
        return False
    else:
        legs = _legs_back(coupon, back.budgets[coupon.reward.budget_id])
    subject = coupon.reward.qualification if coupon else f"checkout:{row.pool_id}"
    entry = EntryDraft(
        f"coupon-returned:{row.pk}", "coupon_returned", legs, now, subject, memo={"order": row.order_key}
    )
    pools = [pool for accounts in back.budgets.values() for pool in accounts.pools]
    (outcome,) = post_each_pooled(entries=[entry], pools=pools, now=now)
    if isinstance(outcome, InsufficientFunds):
        back.kept[row.code] = "campaign_budget"
        return False
    if coupon is not None:
        _reopen(coupon, end_after_return(terms, coupon.expires_at, now, settings.TIME_ZONE), now)
    return True


def _legs_back(coupon: Coupon, accounts: BudgetAccounts) -> tuple[Leg, ...]:
    reward, offer = coupon.reward, coupon.offer
    unit = move(coupons_used(offer.pk, offer.name), coupon_account(offer.pk, offer.name, coupon.customer_id), 1)
    settled = reward.clawed_minor
    return unit + (move(accounts.available(reward.qualification), accounts.paid_out, settled) if settled else ())


def _reopen(coupon: Coupon, end: datetime, now: datetime) -> None:
    reward: Reward = coupon.reward
    settled = reward.clawed_minor
    move_rewards(
        [Step(reward, "issued", "coupon_returned", amount=1, minor=settled, clawed_minor=-settled, by_hand=True)],
        at=now,
    )
    coupon.state, coupon.order_key, coupon.changed_at = "issued", "", now
    coupon.expires_at, coupon.expires_on = end, first_day_after(end, settings.TIME_ZONE)
    coupon.save(update_fields=["state", "order_key", "changed_at", "expires_at", "expires_on"])


def _settle(row: Redemption, coupon: Coupon | None, budgets: Budgets, now: datetime) -> None:
    """The budget has back what the refunded lines had cost it."""
    if coupon is None or coupon.reward.state != "redeemed":
        return
    reward = coupon.reward
    legs = draft_settlement(row, reward, budgets[reward.budget_id])
    step = step_settlement(row, reward, "order_partly_refunded")
    if legs and step:
        key = f"coupon-refunded:{row.pk}:{row.refunded_minor}"
        post_all([EntryDraft(key, "coupon_refunded", legs, now, reward.qualification)], budgets, now)
        move_rewards([step], at=now)
