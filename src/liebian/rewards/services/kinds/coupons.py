"""Coupons: one code for the customer, void when it is taken back unused."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from datetime import date, datetime

from django.conf import settings

from liebian.core.ids import code_from
from liebian.ledger.types import AccountRef, Leg, move
from liebian.rewards.models import Coupon, CouponCode, Redemption, Reward
from liebian.rewards.rules import (
    Claw,
    code_cause,
    coupon_account,
    coupon_stock,
    coupon_world,
    coupons_promised,
    end_of,
    first_day_after,
    read_terms,
)
from liebian.rewards.services.stock import is_pooled, is_promised

CODE_LENGTH = 10


class Coupons:
    delivery = False

    def issue_legs(self, row: Reward) -> tuple[Leg, ...]:
        return move(_source(row), coupon_account(row.offer_id, row.offer.name, row.customer_id), 1)

    def write_issued(self, rows: Sequence[Reward], *, day: date, now: datetime) -> None:
        pooled = {cause_of(row) for row in rows if is_from_pool(row)}
        codes = dict(CouponCode.objects.filter(cause__in=pooled).values_list("cause", "code")) if pooled else {}
        Coupon.objects.bulk_create(_make_coupon(row, codes.get(cause_of(row), ""), day, now) for row in rows)

    def pocket(self, row: Reward) -> Hashable:
        return row.pk

    def on_hand(self, rows: Sequence[Reward], *, now: datetime) -> Mapping[Hashable, int]:
        return {row.pk: row.amount for row in rows}

    def claw_legs(self, row: Reward, claw: Claw) -> tuple[Leg, ...]:
        name = row.offer.name
        return move(coupon_account(row.offer_id, name, row.customer_id), coupon_world(row.offer_id, name), 1)

    def write_clawed(self, returns: Sequence[tuple[Reward, Claw]], *, now: datetime) -> None:
        """What a cart held is let go first; the code is void then."""
        void = Coupon.objects.filter(reward_id__in=[row.pk for row, _claw in returns], state="issued")
        codes = list(void.values_list("code", flat=True))
        Redemption.objects.filter(code__in=codes, state="reserved").update(state="released", closed_at=now)
        void.update(state="void", changed_at=now)


def is_from_pool(row: Reward) -> bool:
    return is_pooled(row.offer)


def cause_of(row: Reward) -> str:
    """What a code of a pool is given to: the same reward after a replay, too."""
    return code_cause(row.qualification, row.rule, row.role)


def _source(row: Reward) -> AccountRef:
    source = coupon_world
    if is_from_pool(row):
        source = coupons_promised if is_promised(row) else coupon_stock
    return source(row.offer_id, row.offer.name)


def _make_coupon(row: Reward, code: str, day: date, now: datetime) -> Coupon:
    end = end_of(read_terms(row.offer.terms), day, row.offer.valid_days, settings.TIME_ZONE)
    return Coupon(
        code=code or code_from("coupon", row.qualification, row.rule, row.role, length=CODE_LENGTH),
        reward=row,
        offer=row.offer,
        customer_id=row.customer_id,
        state="issued",
        issued_at=now,
        expires_on=first_day_after(end, settings.TIME_ZONE),
        expires_at=end,
        changed_at=now,
    )
