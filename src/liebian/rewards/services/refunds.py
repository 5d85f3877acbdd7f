"""Taking back: what a returned order earned, or what a person takes back. Policy: see rules/claws."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import F, Q

from liebian.ledger.types import AccountRef, EntryDraft, Leg, move
from liebian.rewards.models import Reward, RewardChange
from liebian.rewards.queries import list_rewards
from liebian.rewards.rules import BudgetAccounts, Claw, clawed_so_far, plan_claw
from liebian.rewards.services.kinds import by_kind, kind_of
from liebian.rewards.services.life import Step, lock_budgets, move_rewards, post_all
from liebian.rewards.services.limits import return_legs
from liebian.rewards.services.stock import unissued_legs
from liebian.rewards.types import GIVEN, PARCEL_ENDS, PAYABLE, RESERVED, RefundNotice, RewardView

_OPEN = RESERVED | PAYABLE | GIVEN
_GONE = Q(state="returned") | Q(state="written_off", reason__in=PARCEL_ENDS)
"""Nobody got it so far: it may be sent again, or arrive after all."""
_WHOLLY = {"issued": "clawed_back", "redeemed": "written_off"}


@dataclass(frozen=True, slots=True)
class _Ask:
    """One reward is to have `target` units taken back in all."""

    reward: Reward
    target: int
    reason: str
    at: datetime
    actor: int | None = None
    note: str = ""

    @property
    def reason_said(self) -> str:
        whole = self.target == self.reward.amount
        return self.reason or ("order_refunded" if whole else "order_partly_refunded")


@dataclass(frozen=True, slots=True)
class _Return:
    ask: _Ask
    claw: Claw

    @property
    def reward(self) -> Reward:
        return self.ask.reward

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

    Before it was issued: money back to the budget, wholly taken back = "cancelled". While it is delivered: stopped where that is
    still possible, otherwise taken back when it has arrived, as is what came back and arrives after all. Issued: what the customer still has comes back, the rest goes
    to `clawback_receivable`. Redeemed: money to `written_off`.
    Writes Reward, RewardChange, what its kind keeps, ledger. Idempotent by the cumulative refund: a repeat changes nothing.
    """
    latest = _latest(notices)
    picked = Reward.objects.filter(_GONE | Q(state__in=_OPEN), qualification__in=latest).values_list("id", "budget_id")

    def ask(row: Reward) -> _Ask:
        notice = latest[row.qualification]
        target = clawed_so_far(row.amount, notice.refunded_minor, notice.order_total_minor)
        return _Ask(row, target, notice.reason, notice.at)

    with transaction.atomic():
        budgets, rewards = _lock(list(picked))
        for row in rewards:
            if row.state not in _OPEN:
                _remember(ask(row))
        return _take_back([ask(row) for row in rewards if row.state in _OPEN], budgets, now)


def claw_back_rewards(
    *,
    targets: Mapping[int, int],
    reason: str,
    at: datetime,
    now: datetime,
    actor: int | None = None,
    note: str = "",
) -> list[RewardView]:
    """Take back up to `targets` (units in all, by reward id). Writes and rules as `claw_back_many`; idempotent by the target."""
    picked = Reward.objects.filter(pk__in=list(targets), state__in=_OPEN).values_list("id", "budget_id")
    with transaction.atomic():
        budgets, rewards = _lock(list(picked))
        asks = [
            _Ask(row, min(targets[row.pk], row.amount), reason, at, actor, note)
            for row in rewards
            if row.state in _OPEN
        ]
        return _take_back(asks, budgets, now)


def take_back_planned(*, reward_ids: Collection[int], at: datetime, now: datetime) -> list[RewardView]:
    """What was asked back while nobody could stop it, now that it has ended: for the reason, and by whom, that was written down then.

    Writes and rules as `claw_back_many`; idempotent.
    """
    planned = Reward.objects.filter(pk__in=list(reward_ids), state__in=_OPEN, claw_target__gt=F("clawed_amount"))
    with transaction.atomic():
        budgets, rewards = _lock(list(planned.values_list("id", "budget_id")))
        plans = RewardChange.objects.filter(reward__in=rewards, kind="to_take_back").order_by("id")
        last = {plan.reward_id: plan for plan in plans}
        return _take_back([_as_planned(row, last.get(row.pk), at) for row in rewards], budgets, now)


def _as_planned(row: Reward, plan: RewardChange | None, at: datetime) -> _Ask:
    if plan is None:
        return _Ask(row, row.claw_target, "", at)
    return _Ask(row, row.claw_target, plan.reason, at, plan.actor, plan.note)


def _lock(picked: Sequence[tuple[int, int]]) -> tuple[dict[int, BudgetAccounts], list[Reward]]:
    budgets = lock_budgets(budget_id for _, budget_id in picked)
    rows = Reward.objects.filter(_GONE | Q(state__in=_OPEN), pk__in=[reward_id for reward_id, _ in picked])
    return budgets, list(rows.select_related("offer").order_by("id"))


def _latest(notices: Sequence[RefundNotice]) -> dict[str, RefundNotice]:
    latest: dict[str, RefundNotice] = {}
    for notice in notices:
        known = latest.get(notice.qualification)
        if known is None or notice.refunded_minor >= known.refunded_minor:
            latest[notice.qualification] = notice
    return latest


def _take_back(asks: Sequence[_Ask], budgets: Mapping[int, BudgetAccounts], now: datetime) -> list[RewardView]:
    returns = _plan(asks, now)
    if not returns:
        return []
    drafts = [draft for each in returns if (draft := _draft(each, budgets[each.reward.budget_id]))]
    post_all(drafts, budgets, now)
    claws = {each.reward.pk: each.claw for each in returns}
    handed = [each.reward for each in returns if each.reward.state not in RESERVED]
    for kind, rows in by_kind(handed):
        kind.write_clawed([(row, claws[row.pk]) for row in rows], now=now)
    move_rewards([_step(each) for each in returns], at=now)
    return list_rewards(ids=[each.reward.pk for each in returns])[::-1]


def _plan(asks: Sequence[_Ask], now: datetime) -> list[_Return]:
    wanted = [ask for ask in asks if ask.target > ask.reward.clawed_amount]
    on_hand = _read_pockets([ask.reward for ask in wanted], now)
    returns = []
    for ask in wanted:
        row = ask.reward
        pocket = kind_of(row).pocket(row) if row.state == "issued" or row.state in PAYABLE else None
        has = row.amount if pocket is None else on_hand.get(pocket, 0)
        claw = plan_claw(
            amount=row.amount,
            cost_minor=row.cost_minor,
            already=row.clawed_amount,
            target=ask.target,
            on_hand=has,
            returned_minor=row.clawed_minor,
        )
        if row.state in PAYABLE and claw.taken_units < claw.units:
            _remember(ask)
            continue
        if pocket is not None:
            on_hand[pocket] = has - claw.taken_units
        returns.append(_Return(ask, claw))
    return returns


def _remember(ask: _Ask) -> None:
    """It cannot be stopped, or nobody got it so far: taken back when it has arrived, for the reason that is written down here."""
    row = ask.reward
    if ask.target <= max(row.claw_target, row.clawed_amount):
        return
    Reward.objects.filter(pk=row.pk).update(claw_target=ask.target)
    RewardChange.objects.create(
        reward=row, from_state=row.state, to_state=row.state, reason=ask.reason_said, amount=ask.target, actor=ask.actor,
        note=ask.note, kind="to_take_back", at=ask.at,
    )  # fmt: skip


def _read_pockets(rewards: Sequence[Reward], now: datetime) -> dict[Hashable, int]:
    pockets: dict[Hashable, int] = {}
    for kind, rows in by_kind(row for row in rewards if row.state == "issued" or row.state in PAYABLE):
        pockets |= kind.on_hand(rows, now=now)
    return pockets


def _draft(each: _Return, accounts: BudgetAccounts) -> EntryDraft | None:
    row, claw = each.reward, each.claw
    legs = _legs(row, claw, accounts)
    if not legs:
        return None
    return EntryDraft(
        key=f"claw:{row.pk}:{row.clawed_amount + claw.units}",
        kind="cancel" if row.state in RESERVED | PAYABLE else "claw_back",
        legs=legs,
        effective_at=each.ask.at,
        subject=row.qualification,
        memo={"reward": row.pk, "programme": row.programme_id, "role": row.role, "reason": each.ask.reason_said},
    )


def _legs(row: Reward, claw: Claw, accounts: BudgetAccounts) -> tuple[Leg, ...]:
    available = accounts.available(row.qualification)
    whole = row.clawed_amount + claw.units == row.amount
    if row.state in RESERVED | PAYABLE:
        source = accounts.reserved(row.qualification) if row.state in RESERVED else accounts.payable(row.customer_id)
        return _some(source, available, claw.minor) + unissued_legs(row, claw.minor, whole=whole)
    if row.state == "redeemed":
        return _some(accounts.paid_out, accounts.written_off, claw.minor)
    recovered = _some(accounts.paid_out, available, claw.minor - claw.owed_minor)
    owed = _some(accounts.paid_out, accounts.receivable(row.customer_id), claw.owed_minor)
    freed = return_legs(row, claw.minor - claw.owed_minor, whole=whole, issued=True)
    return recovered + owed + kind_of(row).claw_legs(row, claw) + freed


def _some(source: AccountRef, target: AccountRef, amount: int) -> tuple[Leg, ...]:
    return move(source, target, amount) if amount else ()


def _step(each: _Return) -> Step:
    row, claw, ask = each.reward, each.claw, each.ask
    return Step(
        row,
        _WHOLLY.get(row.state, "cancelled") if each.is_whole else row.state,
        reason=ask.reason_said,
        amount=claw.units,
        minor=claw.minor,
        clawed_amount=claw.units,
        clawed_minor=claw.minor,
        owed_minor=claw.owed_minor,
        at=ask.at if ask.actor else None,
        by_hand=ask.actor is not None,
        on_hold=row.is_on_hold,
        actor=ask.actor,
        note=ask.note,
    )
