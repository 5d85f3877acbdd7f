"""Virtual gifts: a code of a pool, given at once. A code that was given is known, so it cannot be taken back."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from datetime import date, datetime

from liebian.ledger.types import Leg, move
from liebian.rewards.models import Reward
from liebian.rewards.rules import Claw, GiftAccounts
from liebian.rewards.services.stock import is_promised


class Codes:
    delivery = False

    def issue_legs(self, row: Reward) -> tuple[Leg, ...]:
        gift = GiftAccounts(row.offer_id, row.offer.name)
        return move(gift.promised if is_promised(row) else gift.left, gift.given, 1)

    def write_issued(self, rows: Sequence[Reward], *, day: date, now: datetime) -> None:
        """The pool remembers to whom it gave each code."""

    def pocket(self, row: Reward) -> Hashable:
        return row.pk

    def on_hand(self, rows: Sequence[Reward], *, now: datetime) -> Mapping[Hashable, int]:
        return {}

    def claw_legs(self, row: Reward, claw: Claw) -> tuple[Leg, ...]:
        return ()

    def write_clawed(self, returns: Sequence[tuple[Reward, Claw]], *, now: datetime) -> None:
        """Nothing comes back."""
