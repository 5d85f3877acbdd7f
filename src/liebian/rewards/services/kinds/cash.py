"""Money: paid by a provider. Until it was handed to one it can be kept; what was paid can only be owed."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from datetime import date, datetime

from liebian.ledger.types import Leg
from liebian.rewards.models import Reward
from liebian.rewards.rules import Claw


class Cash:
    delivery = True

    def issue_legs(self, row: Reward) -> tuple[Leg, ...]:
        return ()

    def write_issued(self, rows: Sequence[Reward], *, day: date, now: datetime) -> None:
        """Payouts find it by its state."""

    def pocket(self, row: Reward) -> Hashable:
        return row.pk

    def on_hand(self, rows: Sequence[Reward], *, now: datetime) -> Mapping[Hashable, int]:
        return {row.pk: row.amount if row.state == "issuing" else 0 for row in rows}

    def claw_legs(self, row: Reward, claw: Claw) -> tuple[Leg, ...]:
        return ()

    def write_clawed(self, returns: Sequence[tuple[Reward, Claw]], *, now: datetime) -> None:
        """Nothing is kept beside the reward."""
