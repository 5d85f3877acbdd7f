"""Granting: both sides of a qualification are decided together, and accounts decide: limits and the budget carry it or not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from liebian.core.bulk import give_keys, write_rows
from liebian.core.errors import Invalid, NotFound
from liebian.core.texts import mark as _
from liebian.ledger.services import post_each_pooled
from liebian.ledger.types import EntryDraft, InsufficientFunds, Leg, move
from liebian.rewards.models import Offer, Reward, RewardChange
from liebian.rewards.queries.views import view_offer, view_reward
from liebian.rewards.rules import BudgetAccounts, check_transition
from liebian.rewards.services.life import claim_causes, share_budgets
from liebian.rewards.services.limits import Drawn, Limits
from liebian.rewards.services.stock import EMPTY, Stock
from liebian.rewards.types import GrantOutcome, GrantRequest, Side

Cause = tuple[str, str, str]
OVER_BUDGET = "campaign_budget"
CLOSED = "budget_closed"


@dataclass(slots=True)
class _Carried:
    """Sides that one posting carries or refuses together. `drawn` says what limits leave of each."""

    grant: GrantRequest
    sides: tuple[Side, ...]
    drawn: tuple[Drawn, ...] = ()
    is_over_budget: bool = False

    @property
    def key(self) -> str:
        roles = "+".join(sorted(side.role for side in self.sides))
        return f"grant:{self.grant.qualification}:{self.grant.rule}:{roles}"

    @property
    def cost(self) -> int:
        return sum(drawn.minor for drawn in self.drawn)

    @property
    def is_capped(self) -> bool:
        return any(drawn.refusal and not side.refusal for side, drawn in zip(self.sides, self.drawn, strict=True))


def grant_pairs(*, grants: Sequence[GrantRequest], now: datetime) -> list[GrantOutcome]:
    """Decide every side of every qualification; answers one outcome per side, in the order given.

    Reserves the cost of what is granted (budget → reserved) and draws it from the limits in the same entry. A side with a
    `refusal` is stored as refused with it, as is one that a limit refuses; what the budget cannot carry is stored as refused with
    "campaign_budget", both sides together where `both_or_none`; a closed budget refuses with "budget_closed".
    Writes Reward, RewardChange, ledger. Idempotent by (qualification, rule, role): a decision once stored stands, refusals
    too. Raises NotFound (budget, offer), Invalid "mixed_currencies", "limit_incomplete", "limit_amount".
    """
    if not grants:
        return []
    with transaction.atomic():
        claim_causes(grant.qualification for grant in grants)
        budgets = share_budgets(grant.budget_id for grant in grants)
        offers = _find_offers(grants, budgets)
        known = _find_known(grants)
        fresh = _list_fresh(grants, known)
        _decide(fresh, budgets, offers, now)
        made = _store(fresh, offers)
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


def _decide(
    fresh: Sequence[_Carried], budgets: Mapping[int, BudgetAccounts], offers: Mapping[int, Offer], now: datetime
) -> None:
    """Draw from limits, then from the budget; what the budget refuses leaves its limits to those whom they had refused."""
    currencies = {budget_id: accounts.currency for budget_id, accounts in budgets.items()}
    limits, stock = Limits([carried.grant for carried in fresh], currencies, now), Stock(offers.values())
    open_ones = list(fresh)
    while open_ones:
        for carried in open_ones:
            closed = budgets[carried.grant.budget_id].is_closed(carried.grant.at)
            carried.drawn = tuple(
                Drawn(0, 0, side.refusal or CLOSED) if closed else _draw(limits, stock, carried.grant, side, offers)
                for side in carried.sides
            )
        freed, late = _post(open_ones, budgets, limits, stock, now)
        capped = [each for each in open_ones if each.is_capped and not each.is_over_budget and not each.cost]
        again = {id(each) for each in (*late, *(capped if freed else ()))}
        open_ones = [each for each in open_ones if id(each) in again]


def _draw(limits: Limits, stock: Stock, grant: GrantRequest, side: Side, offers: Mapping[int, Offer]) -> Drawn:
    if side.refusal:
        return Drawn(0, 0, side.refusal)
    offer = offers[side.offer_id]
    if stock.is_empty(offer):
        return Drawn(0, 0, EMPTY)
    drawn = limits.draw(grant, side, offer, view_offer(offer).amount)
    if not drawn.refusal and (legs := stock.take(offer)):
        drawn.stock, drawn.told["stock"] = legs, True
    return drawn


def _post(
    asked: Sequence[_Carried], budgets: Mapping[int, BudgetAccounts], limits: Limits, stock: Stock, now: datetime
) -> tuple[bool, list[_Carried]]:
    """Post what costs something; whether the budget refused anything that had drawn from a limit or the stock, and who was late for
    the stock and has to be asked again."""
    costly = [carried for carried in asked if carried.cost]
    drafts = [_draft(carried, budgets[carried.grant.budget_id]) for carried in costly]
    pools = [accounts.available_pool for accounts in budgets.values()]
    freed, late = False, []
    outcomes = post_each_pooled(entries=drafts, pools=pools, now=now)
    for carried, outcome in zip(costly, outcomes, strict=True):
        if isinstance(outcome, InsufficientFunds):
            for drawn in carried.drawn:
                limits.give_back(drawn)
                stock.give_back(drawn.stock)
            if stock.found_empty(outcome.account):
                late.append(carried)
            else:
                carried.is_over_budget = True
                freed = freed or any(drawn.legs for drawn in carried.drawn)
    return freed, late


def _draft(carried: _Carried, accounts: BudgetAccounts) -> EntryDraft:
    cause = carried.grant.qualification
    legs: tuple[Leg, ...] = move(accounts.available(cause), accounts.reserved(cause), carried.cost)
    for drawn in carried.drawn:
        legs += drawn.legs
    return EntryDraft(
        key=carried.key,
        kind="grant",
        legs=legs,
        effective_at=carried.grant.at,
        subject=cause,
        memo={
            "programme": carried.grant.programme_id,
            "roles": [side.role for side, drawn in zip(carried.sides, carried.drawn, strict=True) if not drawn.refusal],
        },
    )


def _store(fresh: Sequence[_Carried], offers: Mapping[int, Offer]) -> dict[Cause, Reward]:
    rows = [
        _make_reward(carried, side, drawn, offers[side.offer_id])
        for carried in fresh
        for side, drawn in zip(carried.sides, carried.drawn, strict=True)
    ]
    give_keys(rows)
    write_rows(rows)
    write_rows(
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


def _make_reward(carried: _Carried, side: Side, drawn: Drawn, offer: Offer) -> Reward:
    grant = carried.grant
    reason = drawn.refusal or (OVER_BUDGET if carried.is_over_budget else "")
    state = "refused" if reason else "pending" if "person" in (grant.approval, offer.approval) else "held"
    check_transition("", state)
    whole = view_offer(offer).amount
    told = {} if carried.is_over_budget else drawn.told
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
        amount=whole if reason else drawn.units,
        cost_minor=offer.cost_minor if reason else drawn.minor,
        hold_until=grant.hold_until,
        trace={**grant.trace, **told},
        created_at=grant.at,
        changed_at=grant.at,
    )


def _outcome(row: Reward, *, repeated: bool) -> GrantOutcome:
    return GrantOutcome(reward=view_reward(row), granted=row.state != "refused", repeated=repeated)
