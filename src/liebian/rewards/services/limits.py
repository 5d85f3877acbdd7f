"""Limits: what somebody may still get stands in an account, and a reward is decided by drawing from it."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from liebian.ledger.services import lock_balances, post_many
from liebian.ledger.types import EntryDraft, Leg, move
from liebian.rewards.models import Offer, Reward
from liebian.rewards.rules import (
    Allowance,
    allowance_for,
    check_limit,
    cost_of,
    left_account,
    limits_world,
    units_within,
    used_account,
)
from liebian.rewards.types import GrantRequest, Side


@dataclass(slots=True)
class Drawn:
    """What limits leave of one side's reward, and what it draws from each of them and from the stock."""

    units: int
    minor: int
    refusal: str = ""
    draws: list[tuple[Allowance, int]] = field(default_factory=list)
    told: dict[str, Any] = field(default_factory=dict)
    stock: tuple[Leg, ...] = ()

    @property
    def legs(self) -> tuple[Leg, ...]:
        return self.stock + tuple(leg for each, amount in self.draws for leg in move(each.left, each.used, amount))


class Limits:
    """The allowances that some grants may draw from, locked until the caller's transaction ends and kept up in memory.

    Opening writes to the ledger: a limit that is used for the first time, or whose amount has changed, gets its allowance.
    """

    def __init__(self, grants: Sequence[GrantRequest], currencies: Mapping[int, str], now: datetime) -> None:
        self.currencies = currencies
        wanted = {each.key: each for grant in grants for side in grant.sides for each in self._of(grant, side)}
        self.left: dict[str, int] = {}
        if wanted:
            self._open(wanted, now)

    def _of(self, grant: GrantRequest, side: Side) -> list[Allowance]:
        subjects = {"person": str(side.customer_id), **side.subjects}
        found = []
        for rule in grant.limits:
            check_limit(rule)
            allowance = allowance_for(
                rule,
                programme_id=grant.programme_id,
                currency=self.currencies[grant.budget_id],
                subjects=subjects,
                at=grant.at,
            )
            found += [allowance] if allowance else []
        return found

    def _open(self, wanted: Mapping[str, Allowance], now: datetime) -> None:
        refs = [ref for each in wanted.values() for ref in (each.left, each.used)]
        balances = lock_balances(refs=refs, now=now)
        entries = []
        for key, each in wanted.items():
            left, used = balances[each.left.code], balances[each.used.code]
            change = max(each.rule.amount - used, 0) - left
            self.left[key] = left + change
            if change:
                legs = move(each.world, each.left, change)
                entries.append(EntryDraft(f"limit:{key}:{uuid.uuid4().hex}", "limit_set", legs, now, f"limit:{key}"))
        post_many(entries=entries, now=now)

    def draw(self, grant: GrantRequest, side: Side, offer: Offer, amount: int) -> Drawn:
        """What fits of the reward. What it draws is gone from here until `give_back`."""
        allowances = self._of(grant, side)
        units, refused_by = amount, None
        for each in allowances:
            fitting = self._fitting(each, offer, amount)
            if fitting < units:
                units, refused_by = fitting, each
        minor = cost_of(units, amount, offer.cost_minor)
        if refused_by is not None and (units <= 0 or minor <= 0):
            return Drawn(0, 0, refused_by.reason, told=self._tell([refused_by]))
        drawn = Drawn(units, minor)
        for each in allowances:
            taken = minor if each.rule.measure == "minor" else 1
            self.left[each.key] -= taken
            drawn.draws.append((each, taken))
        drawn.told = self._tell(allowances)
        if units < amount:
            drawn.told["clamped_from"] = amount
        return drawn

    def _fitting(self, allowance: Allowance, offer: Offer, amount: int) -> int:
        left, rule = self.left[allowance.key], allowance.rule
        if rule.measure == "count":
            return amount if left >= 1 else 0
        if left >= offer.cost_minor:
            return amount
        return units_within(left, amount, offer.cost_minor) if rule.on_excess == "clamp" else 0

    def _tell(self, allowances: Iterable[Allowance]) -> dict[str, Any]:
        rows = [
            {
                "limit": each.rule.code,
                "subject": f"{each.rule.scope}:{each.subject}",
                "period": each.rule.period,
                "start": each.start,
                "amount": each.rule.amount,
                "left": self.left[each.key],
                "measure": each.rule.measure,
                "key": each.key,
                "asset": each.asset,
                "reason": each.reason,
                "frees_taken_back": each.rule.frees_taken_back,
            }
            for each in allowances
        ]
        return {"limits": rows} if rows else {}

    def give_back(self, drawn: Drawn) -> None:
        """The reward was not given after all: another may have what it drew."""
        for each, amount in drawn.draws:
            self.left[each.key] += amount


def redraw_legs(row: Reward, minor: int) -> tuple[Leg, ...]:
    """What a reward that had given back to its limits uses of them again. Nobody asks them: it was decided by a person, or it has happened."""
    legs: tuple[Leg, ...] = ()
    for each in row.trace.get("limits", ()):
        amount = minor if each["measure"] == "minor" else 1
        legs += move(limits_world(each["asset"]), used_account(each["key"], each["asset"]), amount)
    return legs


def return_legs(row: Reward, minor: int, *, whole: bool, issued: bool = False) -> tuple[Leg, ...]:
    """What a reward gives back to its limits: money with every part, the count with the whole.

    One that was issued gives back only to the limits that say so.
    """
    legs: tuple[Leg, ...] = ()
    for each in row.trace.get("limits", ()):
        if issued and not each.get("frees_taken_back"):
            continue
        amount = minor if each["measure"] == "minor" else int(whole)
        if amount:
            legs += move(used_account(each["key"], each["asset"]), left_account(each["key"], each["asset"]), amount)
    return legs
