"""How much of a programme's limits is used, read from their accounts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from liebian.ledger import queries as ledger
from liebian.rewards.rules import LIMITS_BOOK, window_start
from liebian.rewards.types import LimitRule, LimitUse


def list_limit_uses(*, programme_id: int, limits: Sequence[LimitRule], at: datetime) -> list[LimitUse]:
    """Every limit in the window in which `at` lies, in the order given."""
    return [_read(programme_id, rule, at) for rule in limits]


def _read(programme_id: int, rule: LimitRule, at: datetime) -> LimitUse:
    day = window_start(rule.period, at, rule.zone)
    start = day.isoformat() if day else ""
    ends = {"prefix": f":{programme_id}.{rule.code}:", "suffix": f":{start}"}
    left = ledger.get_summary(book=LIMITS_BOOK, kind="allowance", **ends)
    used = ledger.get_summary(book=LIMITS_BOOK, kind="allowance_used", **ends)
    return LimitUse(rule, start, left.n_accounts - used.n_empty, left.n_empty, used.total, used.most)
