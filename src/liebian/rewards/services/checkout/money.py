"""What a used coupon really cost: the budget had set aside the whole reward, and has back what was not taken off."""

from __future__ import annotations

from liebian.ledger.types import Leg, move
from liebian.rewards.models import Redemption, Reward
from liebian.rewards.rules import BudgetAccounts, cost_of_use, read_terms
from liebian.rewards.services.life import Step


def rest_of(row: Redemption, reward: Reward) -> int:
    """Money that goes back to the budget now, so that the reward costs what its use costs. A reward that has ended is left alone."""
    if reward.state not in ("issued", "redeemed") or reward.clawed_amount:
        return 0
    net = row.discount_minor - row.refunded_minor
    cost = cost_of_use(read_terms(row.offer.terms), reward.cost_minor, row.discount_minor, net)
    return max(reward.cost_minor - reward.clawed_minor - cost, 0)


def draft_settlement(row: Redemption, reward: Reward, accounts: BudgetAccounts) -> tuple[Leg, ...]:
    rest = rest_of(row, reward)
    return move(accounts.paid_out, accounts.available(reward.qualification), rest) if rest else ()


def step_settlement(row: Redemption, reward: Reward, reason: str = "coupon_settled") -> Step | None:
    rest = rest_of(row, reward)
    return Step(reward, "redeemed", reason, minor=rest, clawed_minor=rest, by_hand=True) if rest else None
