"""Granting: both sides of a qualification are decided together, and the budget decides by carrying the posting or not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from liebian.core.errors import Invalid, NotFound
from liebian.core.texts import mark as _
from liebian.ledger.services import post_each
from liebian.ledger.types import EntryDraft, InsufficientFunds, move
from liebian.rewards.models import Offer, Reward, RewardChange
from liebian.rewards.queries.views import view_offer, view_reward
from liebian.rewards.rules import BudgetAccounts, check_transition
from liebian.rewards.services.life import lock_budgets
from liebian.rewards.types import GrantOutcome, GrantRequest, Side

Cause = tuple[str, str, str]
OVER_BUDGET = "campaign_budget"


@dataclass(frozen=True, slots=True)
class _Carried:
    """Sides that one posting carries or refuses together."""

    grant: GrantRequest
    sides: tuple[Side, ...]

    @property
    def key(self) -> str:
        roles = "+".join(sorted(side.role for side in self.sides))
        return f"grant:{self.grant.qualification}:{self.grant.rule}:{roles}"


def grant_pairs(*, grants: Sequence[GrantRequest], now: datetime) -> list[GrantOutcome]:
    """Decide every side of every qualification; answers one outcome per side, in the order given.

    Reserves the cost of what is granted (budget → reserved). A side with a `refusal` is stored as refused with it; what
    the budget cannot carry is stored as refused with "campaign_budget", both sides together where `both_or_none`.
    Writes Reward, RewardChange, ledger. Idempotent by (qualification, rule, role): a decision once stored stands, refusals
    too. Raises NotFound (budget, offer), Invalid "mixed_currencies".
    """
    if not grants:
        return []
    with transaction.atomic():
        budgets = lock_budgets(grant.budget_id for grant in grants)
        offers = _find_offers(grants, budgets)
        known = _find_known(grants)
        fresh = _list_fresh(grants, known)
        refused = _post(fresh, budgets, offers, now)
        made = _store(fresh, refused, offers)
    stored = known | made
    return [_outcome(stored[cause], repeated=cause in known) for cause in _list_causes(grants)]


def _find_offers(grants: Sequence[GrantRequest], budgets: Mapping[int, BudgetAccounts]) -> dict[int, Offer]:
    offers = Offer.objects.in_bulk({side.offer_id for grant in grants for side in grant.sides})
    for grant in grants:
        for side in grant.sides:
            offer = offers.get(side.offer_id)
            if offer is None:
                raise NotFound("offer_not_found", _("There is no offer #%(number)s."), number=side.offer_id)
            if offer.currency != (wanted := budgets[grant.budget_id].currency):
                raise Invalid(
                    "mixed_currencies",
                    _("The budget is in %(budget)s, the reward in %(reward)s."),
                    budget=wanted,
                    reward=offer.currency,
                )
    return offers


def _find_known(grants: Sequence[GrantRequest]) -> dict[Cause, Reward]:
    rows = Reward.objects.filter(qualification__in={grant.qualification for grant in grants}).select_related("offer")
    return {(row.qualification, row.rule, row.role): row for row in rows}


def _list_causes(grants: Iterable[GrantRequest]) -> list[Cause]:
    return [(grant.qualification, grant.rule, side.role) for grant in grants for side in grant.sides]


def _list_fresh(grants: Sequence[GrantRequest], known: Mapping[Cause, Reward]) -> list[_Carried]:
    seen = set(known)
    fresh = []
    for grant in grants:
        sides = []
        for side in grant.sides:
            cause = (grant.qualification, grant.rule, side.role)
            if cause not in seen:
                seen.add(cause)
                sides.append(side)
        if grant.both_or_none and sides:
            fresh.append(_Carried(grant, tuple(sides)))
        else:
            fresh.extend(_Carried(grant, (side,)) for side in sides)
    return fresh


def _post(
    fresh: Sequence[_Carried], budgets: Mapping[int, BudgetAccounts], offers: Mapping[int, Offer], now: datetime
) -> set[str]:
    """Keys of those that the budget could not carry."""
    drafts = []
    for carried in fresh:
        cost = sum(offers[side.offer_id].cost_minor for side in carried.sides if not side.refusal)
        if cost:
            accounts = budgets[carried.grant.budget_id]
            drafts.append(
                EntryDraft(
                    key=carried.key,
                    kind="grant",
                    legs=move(accounts.available, accounts.reserved, cost),
                    effective_at=carried.grant.at,
                    subject=carried.grant.qualification,
                    memo={
                        "programme": carried.grant.programme_id,
                        "roles": [s.role for s in carried.sides if not s.refusal],
                    },
                )
            )
    outcomes = post_each(entries=drafts, now=now)
    return {draft.key for draft, made in zip(drafts, outcomes, strict=True) if isinstance(made, InsufficientFunds)}


def _store(fresh: Sequence[_Carried], refused: set[str], offers: Mapping[int, Offer]) -> dict[Cause, Reward]:
    rows = [
        _make_reward(carried.grant, side, offers[side.offer_id], OVER_BUDGET if carried.key in refused else "")
        for carried in fresh
        for side in carried.sides
    ]
    Reward.objects.bulk_create(rows)
    RewardChange.objects.bulk_create(
        RewardChange(
            reward=row,
            to_state=row.state,
            reason=row.reason,
            amount=row.amount,
            minor=row.cost_minor,
            at=row.created_at,
        )
        for row in rows
    )
    return {(row.qualification, row.rule, row.role): row for row in rows}


def _make_reward(grant: GrantRequest, side: Side, offer: Offer, over_budget: str) -> Reward:
    reason = side.refusal or over_budget
    state = "refused" if reason else "pending" if offer.approval == "person" else "held"
    check_transition("", state)
    return Reward(
        qualification=grant.qualification,
        rule=grant.rule,
        role=side.role,
        programme_id=grant.programme_id,
        budget_id=grant.budget_id,
        offer=offer,
        customer_id=side.customer_id,
        state=state,
        reason=reason,
        amount=view_offer(offer).amount,
        cost_minor=offer.cost_minor,
        hold_until=grant.hold_until,
        trace=dict(grant.trace),
        created_at=grant.at,
        changed_at=grant.at,
    )


def _outcome(row: Reward, *, repeated: bool) -> GrantOutcome:
    return GrantOutcome(reward=view_reward(row), granted=row.state != "refused", repeated=repeated)
