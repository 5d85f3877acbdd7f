"""Limits: what rewards drew from each, against the account of what was used."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime

from django.db.models import Q, Sum
from django.db.models.functions import Coalesce

from liebian.core.texts import mark as _
from liebian.ledger import queries as ledger
from liebian.rewards.models import Reward
from liebian.rewards.rules import used_account
from liebian.rewards.services.checks.base import Figure, compare
from liebian.rewards.types import RESERVED, Compared

_AT_ONCE = 2_000
_UNISSUED = ("rejected", "cancelled")


class LimitCheck:
    code = "limits"
    title = _("Limits: what rewards drew against allowances")
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
    """What every reward drew and did not give back: money part by part, the count with the whole, only before it was issued."""
    before = Q(changes__from_state__in=RESERVED, changes__to_state__in=[*RESERVED, *_UNISSUED])
    rows = Reward.objects.exclude(state="refused").filter(trace__has_key="limits").order_by("id")
    returned = Coalesce(Sum("changes__minor", filter=before), 0)
    columns = rows.annotate(returned=returned).values_list("state", "cost_minor", "returned", "trace", "id")
    for state, cost, back, trace, reward_id in columns.iterator(_AT_ONCE):
        is_gone = state in _UNISSUED and not _was_issued(reward_id, state)
        for each in trace["limits"]:
            amount = cost - back if each["measure"] == "minor" else int(not is_gone)
            yield used_account(each["key"], each["asset"]).code, each["asset"], amount


def _was_issued(reward_id: int, state: str) -> bool:
    """A reward whose delivery was stopped is cancelled too; what it drew stays used."""
    changes = Reward.objects.filter(pk=reward_id, changes__to_state=state, changes__from_state__in=RESERVED)
    return not changes.exists()
