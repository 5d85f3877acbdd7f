"""Days that a reward waits for people. Plain Python."""

from __future__ import annotations

from liebian.core.errors import Invalid
from liebian.core.texts import mark as _
from liebian.rewards.types import Deadlines

MOST_DAYS = 3650


def check_deadlines(deadlines: Deadlines) -> None:
    if not all(0 <= days <= MOST_DAYS for days in (deadlines.decide_days, deadlines.claim_days)):
        raise Invalid("deadline", _("A deadline is between 1 and %(most)s days, or none."), most=MOST_DAYS)
