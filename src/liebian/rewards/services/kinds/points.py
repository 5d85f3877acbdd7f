"""Points: units in an account of the customer."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from datetime import date, datetime

from liebian.ledger.queries import list_balances
from liebian.ledger.services import open_accounts
from liebian.ledger.types import Leg, move
from liebian.rewards.models import Reward
from liebian.rewards.rules import Claw, points_account, points_world


class Points:
    delivery = False

    def issue_legs(self, row: Reward) -> tuple[Leg, ...]:
        return move(points_world(), points_account(row.customer_id), row.amount - row.clawed_amount)

    def write_issued(self, rows: Sequence[Reward], *, day: date, now: datetime) -> None:
        """The account is all that there is."""

    def pocket(self, row: Reward) -> Hashable:
        return points_account(row.customer_id).code

    def on_hand(self, rows: Sequence[Reward], *, now: datetime) -> Mapping[Hashable, int]:
        """What each customer has, read from locked accounts, so that nobody spends it before it is taken."""
        refs = {(ref := points_account(row.customer_id)).code: ref for row in rows}
        open_accounts(refs=list(refs.values()), now=now)
        return dict(list_balances(refs).items())

    def claw_legs(self, row: Reward, claw: Claw) -> tuple[Leg, ...]:
        if not claw.taken_units:
            return ()
        return move(points_account(row.customer_id), points_world(), claw.taken_units)

    def write_clawed(self, returns: Sequence[tuple[Reward, Claw]], *, now: datetime) -> None:
        """The account is all that there is."""
