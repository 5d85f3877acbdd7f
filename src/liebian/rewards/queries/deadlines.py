"""How long rewards wait for people."""

from __future__ import annotations

from liebian.rewards.models import DeadlineRow
from liebian.rewards.types import Deadlines


def get_deadlines() -> Deadlines:
    row = DeadlineRow.objects.first()
    return Deadlines(row.decide_days, row.claim_days) if row else Deadlines()
