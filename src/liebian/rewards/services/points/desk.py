"""What some customers have, held in the hand: locked first, changed in memory by any number of acts, written as sets at the end.

Whoever moves a customer's points locks their active account first, in the order of the codes, so that acts on the same customer come one
after another. The caller owns the transaction.
"""

from __future__ import annotations

from bisect import insort
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from typing import Any, TypeVar

from liebian.core.bulk import give_keys, write_rows
from liebian.core.columns import insert_tuples, select_in, update_tuples
from liebian.ledger.queries import list_balances, list_unopened
from liebian.ledger.services import lock_balances, post_many
from liebian.ledger.types import AccountRef, EntryDraft, Leg
from liebian.rewards.models import PointsLot, PointsMerge, PointsUse, PointsUseLot, PointsWallet
from liebian.rewards.queries.points_terms import TermsBook
from liebian.rewards.rules import PointsAccounts, idle_end, pick_lots, spending_order
from liebian.rewards.types import PointsAdjustment, PointsBurn, PointsEarn, PointsTransfer, UseKind

Holder = tuple[str, int]  # asset, customer
Part = tuple[PointsLot, int]
A = TypeVar("A", PointsEarn, PointsBurn, PointsTransfer, PointsAdjustment)
_LOT_COLUMNS = ("remaining", "reserved", "expired", "clawed", "state", "expires_at")


@dataclass(slots=True)
class Moves:
    """The legs of one entry while it is put together."""

    sums: dict[AccountRef, int] = field(default_factory=lambda: defaultdict(int))

    def move(self, source: AccountRef, target: AccountRef, amount: int) -> None:
        if amount:
            self.sums[source] -= amount
            self.sums[target] += amount

    @property
    def legs(self) -> tuple[Leg, ...]:
        return tuple(Leg(account, amount) for account, amount in self.sums.items() if amount)


@dataclass(frozen=True, slots=True)
class Silence:
    """Until when a customer may do nothing, and when their whole balance last lapsed."""

    idle_at: datetime | None = None
    lapsed_at: datetime | None = None


NEVER = Silence()


class Desk:
    def __init__(self, holders: Iterable[Holder], *, now: datetime) -> None:
        self.now = now
        self.holders = sorted(set(holders))
        self.terms = TermsBook(asset for asset, _ in self.holders)
        lock_holders(self.holders, now)
        self._standing = read_standing(customer for _, customer in self.holders)
        if self._standing:
            self.holders = sorted({(asset, self.stand(customer)) for asset, customer in self.holders})
            lock_holders(self.holders, now)
        codes = {PointsAccounts(asset).debt(customer).code: (asset, customer) for asset, customer in self.holders}
        self.debts: dict[Holder, int] = {codes[code]: held for code, held in list_balances(codes).items()}
        self._made: list[PointsLot] = []
        self._changed: dict[int, PointsLot] = {}
        self._touched: dict[Holder, Silence] = {}
        self._uses: list[tuple[PointsUse, Sequence[Part]]] = []
        self._entries: list[EntryDraft] = []

    # Who they are

    def stand(self, customer_id: int) -> int:
        """The customer, or who they are since they were merged."""
        return self._standing.get(customer_id, customer_id)

    def as_they_stand(self, acts: Sequence[A], *names: str) -> list[A]:
        """The acts, about the people of today; `names` are the fields that name people."""
        if not self._standing:
            return list(acts)
        return [replace(act, **self._standing_of(act, names)) for act in acts]

    def _standing_of(self, act: A, names: Sequence[str]) -> dict[str, Any]:
        return {name: self.stand(getattr(act, name)) for name in names}

    # What they have

    def lots_of(self, holder: Holder, at: datetime) -> list[PointsLot]:
        """Active lots in spending order. Those that lapsed with the customer's silence end when it became too long."""
        lots = self._held[holder]
        lapsed = self._lapsed(holder, at)
        if lapsed is not None:
            for lot in lots:
                if lot.active_from < lapsed and (lot.expires_at is None or lot.expires_at > lapsed):
                    lot.expires_at = lapsed
                    self.change(lot)
            lots.sort(key=spending_order)
        return lots

    @property
    def held(self) -> dict[int, PointsLot]:
        """Every lot in hand by its key."""
        return {lot.pk: lot for lots in self._held.values() for lot in lots if lot.pk is not None}

    def hold(self, lot: PointsLot) -> None:
        """A lot of these customers that had nothing left has something again."""
        lots = self._held[lot.asset, lot.customer_id]
        if lot not in lots:
            insort(lots, lot, key=spending_order)
        self.change(lot)

    def end_of(self, lot: PointsLot, at: datetime) -> datetime | None:
        """When the lot ends or did: by itself, or with the customer's silence."""
        holder = (lot.asset, lot.customer_id)
        lapses = [self._lapsed(holder, at), self._silence_of(holder).lapsed_at]
        ends = [end for end in lapses if end is not None and lot.active_from < end]
        return min([*ends, *([lot.expires_at] if lot.expires_at else [])], default=None)

    def take(self, holder: Holder, amount: int, at: datetime) -> list[Part]:
        """All of the amount from the lots that end first, or nothing."""
        parts = pick_lots(self.lots_of(holder, at), amount, at)
        if sum(part for _, part in parts) < amount:
            return []
        for lot, part in parts:
            lot.remaining -= part
            self.change(lot)
        return parts

    def touch(self, holder: Holder, at: datetime) -> None:
        """Something was earned or spent: the balance lapses later, where it does."""
        new = idle_end(self.terms.at(holder[0], at), at)
        if new is not None:
            self.revive(holder, new, at)

    def revive(self, holder: Holder, idle_at: datetime, at: datetime) -> None:
        """Something came back that lasts until `idle_at`: the balance does not lapse before. What lapsed so far stays so."""
        self.lots_of(holder, at)
        lapsed, old = self._lapsed(holder, at), self._silence_of(holder)
        if lapsed is not None:
            silence = Silence(idle_at, lapsed)
        else:
            silence = Silence(max(old.idle_at, idle_at) if old.idle_at else idle_at, old.lapsed_at)
        self._silences[holder] = self._touched[holder] = silence

    # What is done to it

    def change(self, lot: PointsLot) -> None:
        if lot.pk is not None:
            self._changed[lot.pk] = lot

    def add_lot(self, lot: PointsLot) -> None:
        self._made.append(lot)
        if "_held" in self.__dict__ and lot.state == "active":
            insort(self._held[lot.asset, lot.customer_id], lot, key=spending_order)

    def record(self, use: PointsUse, parts: Sequence[Part]) -> None:
        self._uses.append((use, parts))

    def post(
        self,
        key: str,
        kind: str,
        moves: Moves,
        at: datetime,
        *,
        subject: str = "",
        memo: Mapping[str, Any] | None = None,
    ) -> None:
        if moves.legs:
            self._entries.append(EntryDraft(f"points:{key}", kind, moves.legs, at, subject, memo=memo or {}))

    def pay_debt(self, holder: Holder, key: str, at: datetime) -> int:
        """What a customer owes is paid from what they have, as far as it goes. Answers how much."""
        if not self.debts[holder]:
            return 0
        parts = pick_lots(self.lots_of(holder, at), self.debts[holder], at)
        amount = sum(part for _, part in parts)
        if not amount:
            return 0
        for lot, part in parts:
            lot.remaining -= part
            self.change(lot)
        self.debts[holder] -= amount
        asset, customer = holder
        self.record(make_use(f"debt:{key}", "debt", holder, amount, at), parts)
        accounts, moves = PointsAccounts(asset), Moves()
        moves.move(accounts.active(customer), accounts.world, amount)
        moves.move(accounts.debt(customer), accounts.world, amount)
        self.post(f"debt:{key}", "points_debt_paid", moves, at, memo={"customer": customer})
        return amount

    def close(self) -> None:
        """Write everything: lots, uses, their lots, idle ends, entries."""
        give_keys(self._made)
        write_rows(self._made)
        update_tuples(
            PointsLot,
            _LOT_COLUMNS,
            [(*[getattr(lot, name) for name in _LOT_COLUMNS], key) for key, lot in sorted(self._changed.items())],
        )
        uses = [use for use, _ in self._uses]
        give_keys(uses)
        write_rows(uses)
        lines = [(use.pk, lot.pk, part, 0) for use, parts in self._uses for lot, part in parts]
        insert_tuples(PointsUseLot, ("use", "lot", "amount", "restored"), lines)
        PointsWallet.objects.bulk_create(
            [
                PointsWallet(customer_id=who, asset=asset, idle_at=silence.idle_at, lapsed_at=silence.lapsed_at)
                for (asset, who), silence in self._touched.items()
            ],
            update_conflicts=True,
            unique_fields=["customer_id", "asset"],
            update_fields=["idle_at", "lapsed_at"],
        )
        post_many(entries=self._entries, now=self.now)

    @cached_property
    def _held(self) -> dict[Holder, list[PointsLot]]:
        found: dict[Holder, list[PointsLot]] = {holder: [] for holder in self.holders}
        customers = {customer for _, customer in self.holders}
        for lot in PointsLot.objects.filter(customer_id__in=customers, remaining__gt=0, state="active"):
            if (lot.asset, lot.customer_id) in found:
                found[lot.asset, lot.customer_id].append(lot)
        for lot in self._made:
            if lot.state == "active":
                found[lot.asset, lot.customer_id].append(lot)
        for lots in found.values():
            lots.sort(key=spending_order)
        return found

    @cached_property
    def _silences(self) -> dict[Holder, Silence]:
        customers = {customer for _, customer in self.holders}
        rows = PointsWallet.objects.filter(customer_id__in=customers)
        read = rows.values_list("asset", "customer_id", "idle_at", "lapsed_at")
        return {(asset, customer): Silence(idle_at, lapsed_at) for asset, customer, idle_at, lapsed_at in read}

    def _silence_of(self, holder: Holder) -> Silence:
        return self._silences.get(holder, NEVER) if self.terms.may_idle(holder[0]) else NEVER

    def _lapsed(self, holder: Holder, at: datetime) -> datetime | None:
        """When the customer's whole balance lapsed, if it has by `at` and nobody has ended the lots since."""
        idle_at = self._silence_of(holder).idle_at
        return idle_at if idle_at is not None and idle_at <= at else None


def lock_holders(holders: Sequence[Holder], now: datetime) -> None:
    """Lock what customers have. What the programmes share is opened in the same step, since nobody may open it while holding this."""
    shared = {ref.code: ref for asset in {asset for asset, _ in holders} for ref in PointsAccounts(asset).shared}
    refs = [PointsAccounts(asset).active(customer) for asset, customer in holders]
    lock_balances(refs=[*refs, *[shared[code] for code in list_unopened(shared)]], now=now)


def read_standing(customer_ids: Iterable[int]) -> dict[int, int]:
    """Of those who were merged away, who they are today."""
    found = select_in(PointsMerge, ("loser_id", "winner_id"), "loser_id", sorted(set(customer_ids)))
    return dict(found)


def make_use(key: str, kind: UseKind, holder: Holder, amount: int, at: datetime, **others: Any) -> PointsUse:
    return PointsUse(
        key=key,
        kind=kind,
        asset=holder[0],
        customer_id=holder[1],
        asked=amount,
        amount=amount,
        at=at,
        **{"state": "used", **others},
    )


def find_uses(keys: Iterable[str]) -> dict[str, PointsUse]:
    return {use.key: use for use in PointsUse.objects.filter(key__in=list(keys))}
