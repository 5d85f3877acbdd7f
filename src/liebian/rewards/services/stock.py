"""Stock: a code of a pool is set aside when its reward is promised, so that an empty pool is known at once."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from liebian.ledger.queries import list_balances
from liebian.ledger.types import AccountRef, EntryDraft, Leg, move
from liebian.rewards.models import Offer, Reward
from liebian.rewards.rules import BudgetAccounts, promised_codes, stock_ends
from liebian.rewards.services.limits import return_legs

EMPTY = "stock_empty"


def is_pooled(offer: Offer) -> bool:
    return offer.kind == "code" or (offer.kind == "coupon" and offer.terms.get("codes") == "pool")


def stock_of(offer: Offer) -> AccountRef:
    """Its codes that nobody has and nobody was promised."""
    return stock_ends(offer.kind, offer.pk, offer.name)[1]


def promised_of(offer: Offer) -> AccountRef:
    return promised_codes(offer.kind, offer.pk, offer.name)


def is_promised(row: Reward) -> bool:
    """Whether its code was set aside when it was granted. Rewards granted before that was so take theirs when they are released."""
    return bool(row.trace.get("stock"))


class Stock:
    """What was in stock when this was opened. Others may take from it meanwhile, so the posting has the last word."""

    def __init__(self, offers: Iterable[Offer]) -> None:
        codes = {offer.pk: stock_of(offer).code for offer in offers if is_pooled(offer)}
        balances = list_balances(codes.values()) if codes else {}
        self.left = {offer_id: balances[code] for offer_id, code in codes.items()}
        self._offers = {code: offer_id for offer_id, code in codes.items()}

    def is_empty(self, offer: Offer) -> bool:
        return self.left.get(offer.pk, 1) < 1

    def take(self, offer: Offer) -> tuple[Leg, ...]:
        if offer.pk not in self.left:
            return ()
        self.left[offer.pk] -= 1
        return move(stock_of(offer), promised_of(offer), 1)

    def give_back(self, legs: Iterable[Leg]) -> None:
        for leg in legs:
            if leg.account.code in self._offers:
                self.left[self._offers[leg.account.code]] -= leg.amount

    def found_empty(self, account: str) -> bool:
        """Whether it is this account that was short: somebody else had the last of it."""
        if account not in self._offers:
            return False
        self.left[self._offers[account]] = 0
        return True


def draft_end(row: Reward, accounts: BudgetAccounts, *, key: str, reason: str, now: datetime) -> EntryDraft:
    """A reward that was decided ends before it was issued: reserved → the budget, and what its limits and stock had set aside."""
    money = row.cost_minor - row.clawed_minor
    legs: tuple[Leg, ...] = move(accounts.reserved(row.qualification), accounts.available(row.qualification), money)
    legs += unissued_legs(row, money, whole=True)
    memo = {"reward": row.pk, "programme": row.programme_id, "role": row.role, "reason": reason}
    return EntryDraft(f"{key}:{row.pk}", "reject", legs, now, row.qualification, memo=memo)


def unissued_legs(row: Reward, minor: int, *, whole: bool) -> tuple[Leg, ...]:
    """What a reward that was never issued gives back to its limits, and to the stock when all of it ends."""
    legs = return_legs(row, minor, whole=whole)
    if whole and is_promised(row):
        legs += move(promised_of(row.offer), stock_of(row.offer), 1)
    return legs
