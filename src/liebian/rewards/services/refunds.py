"""Refunds: what a returned order earned is cancelled while it is held and taken back after. Policy: see rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from liebian.ledger.queries import list_balances
from liebian.ledger.services import open_accounts, post_many
from liebian.ledger.types import AccountRef, EntryDraft, Leg, move
from liebian.rewards.models import Coupon, Reward
from liebian.rewards.queries import list_rewards
from liebian.rewards.rules import (
    BudgetAccounts,
    Claw,
    clawed_so_far,
    coupon_account,
    coupon_world,
    plan_claw,
    points_account,
    points_world,
)
from liebian.rewards.services.life import Step, lock_budgets, move_rewards
from liebian.rewards.types import RefundNotice, RewardView

_OPEN = ("held", "issued", "redeemed")


@dataclass(frozen=True, slots=True)
class _Return:
    reward: Reward
    notice: RefundNotice
    claw: Claw

    @property
    def is_whole(self) -> bool:
        return self.reward.clawed_amount + self.claw.units == self.reward.amount


def cancel_or_claw_back(
    *, qualification: str, refunded_minor: int, order_total_minor: int, at: datetime, now: datetime, reason: str = ""
) -> list[RewardView]:
    """As `claw_back_many`, for one order."""
    notice = RefundNotice(qualification, refunded_minor, order_total_minor, at, reason)
    return claw_back_many(notices=[notice], now=now)


def cancel_rewards(*, qualifications: Sequence[str], reason: str, at: datetime, now: datetime) -> list[RewardView]:
    """Take back everything that these qualifications earned, for a reason other than a refund."""
    notices = [RefundNotice(each, 1, 1, at, reason) for each in qualifications]
    return claw_back_many(notices=notices, now=now)


def claw_back_many(*, notices: Sequence[RefundNotice], now: datetime) -> list[RewardView]:
    """Bring rewards into line with what was refunded in all; answers the rewards that changed.

    held: money back to the budget, wholly taken back = "cancelled". issued points: from the customer's points, the missing
    rest to `clawback_receivable`; issued coupon: void; redeemed coupon: money to `written_off`.
    Writes Reward, RewardChange, Coupon, ledger. Idempotent by the cumulative refund: a repeat changes nothing.
    """
    latest = _latest(notices)
    found = Reward.objects.filter(qualification__in=latest, state__in=_OPEN)
    picked = list(found.values_list("id", "budget_id"))
    if not picked:
        return []
    with transaction.atomic():
        budgets = lock_budgets(budget_id for _, budget_id in picked)
        ids = [reward_id for reward_id, _ in picked]
        rewards = list(Reward.objects.filter(pk__in=ids, state__in=_OPEN).select_related("offer").order_by("id"))
        returns = _plan(rewards, latest, now)
        drafts = [draft for each in returns if (draft := _draft(each, budgets[each.reward.budget_id]))]
        post_many(entries=drafts, now=now)
        voided = [each.reward.pk for each in returns if each.reward.offer.kind == "coupon"]
        Coupon.objects.filter(reward_id__in=voided, state="issued").update(state="void", changed_at=now)
        move_rewards([_step(each) for each in returns], at=now)
    return list_rewards(ids=[each.reward.pk for each in returns])[::-1]


def _latest(notices: Sequence[RefundNotice]) -> dict[str, RefundNotice]:
    latest: dict[str, RefundNotice] = {}
    for notice in notices:
        known = latest.get(notice.qualification)
        if known is None or notice.refunded_minor >= known.refunded_minor:
            latest[notice.qualification] = notice
    return latest


def _plan(rewards: Sequence[Reward], notices: Mapping[str, RefundNotice], now: datetime) -> list[_Return]:
    on_hand = _read_points(rewards, now)
    returns = []
    for row in rewards:
        notice = notices[row.qualification]
        target = clawed_so_far(row.amount, notice.refunded_minor, notice.order_total_minor)
        from_points = row.state == "issued" and row.offer.kind == "points"
        has = on_hand[row.customer_id] if from_points else row.amount
        claw = plan_claw(
            amount=row.amount, cost_minor=row.cost_minor, already=row.clawed_amount, target=target, on_hand=has
        )
        if claw.units:
            returns.append(_Return(row, notice, claw))
            if from_points:
                on_hand[row.customer_id] -= claw.taken_units
    return returns


def _read_points(rewards: Sequence[Reward], now: datetime) -> dict[int, int]:
    """Points on hand, read from locked accounts, so that nobody spends them before they are taken."""
    people = {row.customer_id for row in rewards if row.state == "issued" and row.offer.kind == "points"}
    refs = {each: points_account(each) for each in people}
    open_accounts(refs=list(refs.values()), now=now)
    balances = list_balances(ref.code for ref in refs.values())
    return {each: balances[ref.code] for each, ref in refs.items()}


def _draft(each: _Return, accounts: BudgetAccounts) -> EntryDraft | None:
    row, claw = each.reward, each.claw
    legs = _legs(row, claw, accounts)
    if not legs:
        return None
    return EntryDraft(
        key=f"claw:{row.pk}:{row.clawed_amount + claw.units}",
        kind="cancel" if row.state == "held" else "claw_back",
        legs=legs,
        effective_at=each.notice.at,
        subject=row.qualification,
        memo={"reward": row.pk, "programme": row.programme_id, "role": row.role, "reason": _reason(each)},
    )


def _legs(row: Reward, claw: Claw, accounts: BudgetAccounts) -> tuple[Leg, ...]:
    if row.state == "held":
        return _some(accounts.reserved, accounts.available, claw.minor)
    if row.state == "redeemed":
        return _some(accounts.paid_out, accounts.written_off, claw.minor)
    recovered = _some(accounts.paid_out, accounts.available, claw.minor - claw.owed_minor)
    owed = _some(accounts.paid_out, accounts.receivable(row.customer_id), claw.owed_minor)
    if row.offer.kind == "points":
        return recovered + owed + _some(points_account(row.customer_id), points_world(), claw.taken_units)
    name = row.offer.name
    return recovered + move(coupon_account(row.offer_id, name, row.customer_id), coupon_world(row.offer_id, name), 1)


def _some(source: AccountRef, target: AccountRef, amount: int) -> tuple[Leg, ...]:
    return move(source, target, amount) if amount else ()


def _reason(each: _Return) -> str:
    return each.notice.reason or ("order_refunded" if each.is_whole else "order_partly_refunded")


def _step(each: _Return) -> Step:
    row, claw = each.reward, each.claw
    whole = {"held": "cancelled", "issued": "clawed_back", "redeemed": "written_off"}[row.state]
    return Step(
        row,
        whole if each.is_whole else row.state,
        reason=_reason(each),
        amount=claw.units,
        minor=claw.minor,
        clawed_amount=claw.units,
        clawed_minor=claw.minor,
        owed_minor=claw.owed_minor,
    )
