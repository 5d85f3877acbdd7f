"""What a kind of reward has to know: which units move beside the money, and what the customer holds."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from datetime import date, datetime
from typing import Protocol

from liebian.ledger.types import Leg
from liebian.rewards.models import Reward
from liebian.rewards.rules import Claw


class Kind(Protocol):
    """One object per kind of offer. Every write happens in the transaction of the caller, which has locked the budgets.

    `delivery` says that somebody has to deliver it (cash, a parcel): it is "issuing" until then, and its money is payable.
    """

    delivery: bool

    def issue_legs(self, row: Reward) -> tuple[Leg, ...]:
        """The units that reach the customer when the reward is released, beside its money."""

    def write_issued(self, rows: Sequence[Reward], *, day: date, now: datetime) -> None:
        """Write what the customers hold from now on."""

    def pocket(self, row: Reward) -> Hashable:
        """Where the units of this reward are kept; rewards of one pocket are taken back from it in turn."""

    def on_hand(self, rows: Sequence[Reward], *, now: datetime) -> Mapping[Hashable, int]:
        """By pocket: units that can be taken back, or kept from being delivered. Locks what it read until the caller is done."""

    def claw_legs(self, row: Reward, claw: Claw) -> tuple[Leg, ...]:
        """The units that leave the customer when an issued reward is taken back."""

    def write_clawed(self, returns: Sequence[tuple[Reward, Claw]], *, now: datetime) -> None:
        """Write what the customers no longer hold, or no longer wait for."""
