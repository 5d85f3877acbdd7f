"""Coupons: one code for the customer, void when it is taken back unused."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from datetime import date, datetime

from liebian.core.ids import code_from
from liebian.ledger.types import Leg, move
from liebian.rewards.models import Coupon, Reward
from liebian.rewards.rules import Claw, coupon_account, coupon_world, expires_on

CODE_LENGTH = 10


class Coupons:
    delivery = False

    def issue_legs(self, row: Reward) -> tuple[Leg, ...]:
        name = row.offer.name
        return move(coupon_world(row.offer_id, name), coupon_account(row.offer_id, name, row.customer_id), 1)

    def write_issued(self, rows: Sequence[Reward], *, day: date, now: datetime) -> None:
        Coupon.objects.bulk_create(_make_coupon(row, day, now) for row in rows)

    def pocket(self, row: Reward) -> Hashable:
        return row.pk

    def on_hand(self, rows: Sequence[Reward], *, now: datetime) -> Mapping[Hashable, int]:
        return {row.pk: row.amount for row in rows}

    def claw_legs(self, row: Reward, claw: Claw) -> tuple[Leg, ...]:
        name = row.offer.name
        return move(coupon_account(row.offer_id, name, row.customer_id), coupon_world(row.offer_id, name), 1)

    def write_clawed(self, returns: Sequence[tuple[Reward, Claw]], *, now: datetime) -> None:
        ids = [row.pk for row, _claw in returns]
        Coupon.objects.filter(reward_id__in=ids, state="issued").update(state="void", changed_at=now)


def _make_coupon(row: Reward, day: date, now: datetime) -> Coupon:
    return Coupon(
        code=code_from("coupon", row.qualification, row.rule, row.role, length=CODE_LENGTH),
        reward=row,
        offer=row.offer,
        customer_id=row.customer_id,
        state="issued",
        issued_at=now,
        expires_on=expires_on(day, row.offer.valid_days),
        changed_at=now,
    )
