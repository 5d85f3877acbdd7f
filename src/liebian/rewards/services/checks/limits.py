"""Limits: what rewards drew from each, against the account of what was used."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.db.models import F, Q, Sum
from django.db.models.functions import Coalesce

from liebian.core.texts import mark as _
from liebian.ledger import queries as ledger
from liebian.rewards.models import Reward
from liebian.rewards.rules import used_account
from liebian.rewards.services.checks.base import Figure, compare
from liebian.rewards.types import NOT_DECIDED, PAYABLE, RESERVED, Compared

_AT_ONCE = 2_000
_UNISSUED = ("rejected", "cancelled", "returned")


class LimitCheck:
    code = "limits"
    title = _("Limits: what rewards drew against allowances")
    figures = {"used": _("used of the limit")}
    page = ""
    writes = False

    def compare(self, now: datetime) -> Compared:
        counted: dict[Figure, int] = defaultdict(int)
        for code, asset, amount in _list_draws():
            counted[f"account:{code}", "used", asset] += amount
        codes = [subject.removeprefix("account:") for subject, _what, _unit in counted]
        balances: dict[str, int] = {}
        for start in range(0, len(codes), _AT_ONCE):
            balances |= ledger.list_balances(codes[start : start + _AT_ONCE])
        held = {figure: balances[figure[0].removeprefix("account:")] for figure in counted}
        return compare(held, counted)


def _list_draws() -> Iterator[tuple[str, str, int]]:
    """What every reward uses of its limits still."""
    in_part = Q(changes__from_state=F("changes__to_state"), changes__from_state__in=RESERVED | PAYABLE)
    sums = {
        "early": Coalesce(Sum("changes__minor", filter=in_part & Q(changes__actor=None)), 0),
        "used_up": Coalesce(Sum("changes__minor", filter=Q(changes__from_state="redeemed", changes__amount__gt=0)), 0),
    }
    rows = Reward.objects.exclude(state="refused").filter(trace__has_key="limits").order_by("id").annotate(**sums)
    for row in rows.iterator(_AT_ONCE):
        for each in row.trace["limits"]:
            amount = _used(row, each["measure"], frees=bool(each.get("frees_taken_back")))
            yield used_account(each["key"], each["asset"]).code, each["asset"], amount


def _used(row: Any, measure: str, *, frees: bool) -> int:
    """What was never issued uses nothing. Of what was issued and taken back, only limits that say so have it again: not what was
    owed, and not what had been used up."""
    if (
        row.state in _UNISSUED
        or row.reason == NOT_DECIDED
        or (frees and row.state == "clawed_back" and measure == "count")
    ):
        return 0
    if measure == "count":
        return 1
    freed: int = row.clawed_minor - row.owed_minor - row.used_up if frees else row.early
    return int(row.cost_minor - freed)
