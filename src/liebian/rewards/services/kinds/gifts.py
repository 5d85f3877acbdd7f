"""Gifts that are sent: one unit of the stock, packed and carried to the customer, stopped while it has not left."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from datetime import date, datetime

from liebian.ledger.services import post_many
from liebian.ledger.types import EntryDraft, Leg, move
from liebian.rewards.models import Parcel, Reward
from liebian.rewards.rules import Claw, GiftAccounts
from liebian.rewards.services.life import attempt_key
from liebian.rewards.types import PACKING


class Gifts:
    delivery = True

    def issue_legs(self, row: Reward) -> tuple[Leg, ...]:
        accounts = accounts_of(row)
        return move(accounts.left, accounts.packing, 1)

    def write_issued(self, rows: Sequence[Reward], *, day: date, now: datetime) -> None:
        Parcel.objects.bulk_create(
            Parcel(reward=row, offer=row.offer, customer_id=row.customer_id, state="to_pack", created_at=now)
            for row in rows
        )

    def pocket(self, row: Reward) -> Hashable:
        return row.pk

    def on_hand(self, rows: Sequence[Reward], *, now: datetime) -> Mapping[Hashable, int]:
        """What has not left can be kept; what was sent is the customer's."""
        return {row.pk: int(row.state == "issuing") for row in rows}

    def claw_legs(self, row: Reward, claw: Claw) -> tuple[Leg, ...]:
        return ()

    def write_clawed(self, returns: Sequence[tuple[Reward, Claw]], *, now: datetime) -> None:
        unpack([row for row, _claw in returns if row.state == "issuing"], now=now)


def accounts_of(row: Reward) -> GiftAccounts:
    return GiftAccounts(row.offer_id, row.offer.name)


def unpack(rows: Sequence[Reward], *, now: datetime) -> None:
    """These gifts stay here: each goes back into the stock, and its parcel is cancelled."""
    post_many(entries=[_draft(row, now) for row in rows], now=now)
    waiting = Parcel.objects.filter(reward_id__in=[row.pk for row in rows], state__in=PACKING)
    waiting.update(state="cancelled", closed_at=now)


def _draft(row: Reward, now: datetime) -> EntryDraft:
    accounts = accounts_of(row)
    legs = move(accounts.packing, accounts.left, 1)
    return EntryDraft(attempt_key("gift-unpacked", row), "gift_unpacked", legs, now, row.qualification)
