"""Rows to the values that cross the border."""

from __future__ import annotations

from collections.abc import Iterable

from liebian.rewards.models import Coupon, Offer, Reward, RewardChange
from liebian.rewards.rules import read_privilege, read_terms
from liebian.rewards.types import CouponView, OfferView, RewardChangeView, RewardView


def view_offer(row: Offer) -> OfferView:
    return OfferView(
        id=row.pk,
        kind=row.kind,  # type: ignore[arg-type]
        name=row.name,
        currency=row.currency,
        cost_minor=row.cost_minor,
        points=row.points,
        face_minor=row.face_minor,
        threshold_minor=row.threshold_minor,
        valid_days=row.valid_days,
        approval="person" if row.approval == "person" else "rule",
        terms=read_terms(row.terms if row.kind == "coupon" else {}),
        privilege=read_privilege(row.terms) if row.kind == "privilege" else None,
        tax=row.tax,  # type: ignore[arg-type]
        points_programme=row.terms.get("points_programme", ""),
    )


def view_reward(row: Reward) -> RewardView:
    return RewardView(
        id=row.pk,
        qualification=row.qualification,
        rule=row.rule,
        role=row.role,
        programme_id=row.programme_id,
        budget_id=row.budget_id,
        customer_id=row.customer_id,
        offer=view_offer(row.offer),
        state=row.state,  # type: ignore[arg-type]
        reason=row.reason,
        amount=row.amount,
        cost_minor=row.cost_minor,
        clawed_amount=row.clawed_amount,
        clawed_minor=row.clawed_minor,
        owed_minor=row.owed_minor,
        hold_until=row.hold_until,
        is_on_hold=row.is_on_hold,
        created_at=row.created_at,
        changed_at=row.changed_at,
        trace=row.trace,
    )


def view_coupon(row: Coupon) -> CouponView:
    return CouponView(
        code=row.code,
        reward_id=row.reward_id,
        customer_id=row.customer_id,
        offer=view_offer(row.offer),
        state=row.state,  # type: ignore[arg-type]
        issued_at=row.issued_at,
        expires_on=row.expires_on,
        expires_at=row.expires_at,
    )


def view_changes(rows: Iterable[RewardChange]) -> list[RewardChangeView]:
    return [
        RewardChangeView(
            id=row.pk,
            reward_id=row.reward_id,
            from_state=row.from_state,
            to_state=row.to_state,  # type: ignore[arg-type]
            reason=row.reason,
            amount=row.amount,
            minor=row.minor,
            at=row.at,
            actor=row.actor,
            note=row.note,
            kind=row.kind,  # type: ignore[arg-type]
        )
        for row in rows
    ]
