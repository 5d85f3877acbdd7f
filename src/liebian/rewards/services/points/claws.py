"""Points are taken back: from the lot that earned them, then from the customer's others; what is gone is owed as the terms say."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from liebian.access.services import audit
from liebian.core.errors import Invalid
from liebian.core.texts import mark as _
from liebian.ledger.queries import list_balances
from liebian.ledger.types import AccountRef
from liebian.rewards.models import PointsLot
from liebian.rewards.rules import PointsAccounts, check_amount, is_open, pick_lots
from liebian.rewards.services.points.desk import Desk, Holder, Moves, Part, find_uses, make_use
from liebian.rewards.types import PointsClaw, PointsOutcome


@dataclass(frozen=True, slots=True)
class Taking:
    """`units` of what `lot` earned go back; of them up to `most` from what the customer has or what ended unspent, the rest is owed."""

    key: str
    lot: PointsLot
    units: int
    most: int
    at: datetime
    subject: str = ""

    @property
    def holder(self) -> Holder:
        return self.lot.asset, self.lot.customer_id


def claw_points(*, claws: Sequence[PointsClaw], now: datetime) -> list[PointsOutcome]:
    """Take back what was earned; answers one outcome per claw, in order, with what was taken back in all, owed parts included.

    Points that ended unspent are taken from there. Refused: "points_unknown". Writes PointsLot, PointsUse, ledger. Idempotent by the
    cumulative amount, never above what was earned. Raises Invalid.
    """
    for claw in claws:
        check_amount(claw.amount, claw.key)
    causes = [f"earn:{claw.key}" for claw in claws]
    with transaction.atomic():
        holders = PointsLot.objects.filter(cause__in=causes).values_list("asset", "customer_id")
        desk = Desk(list(holders), now=now)
        lots = find_lots(desk, cause__in=causes)
        outcomes = [_claw(desk, claw, lots.get(f"earn:{claw.key}")) for claw in claws]
        desk.close()
    return outcomes


def _claw(desk: Desk, claw: PointsClaw, lot: PointsLot | None) -> PointsOutcome:
    if lot is None:
        return PointsOutcome(claw.key, 0, "points_unknown")
    target = min(claw.amount, lot.amount)
    if target <= lot.clawed:
        return PointsOutcome(claw.key, lot.clawed, repeated=True)
    units = target - lot.clawed
    take_back(desk, Taking(f"claw:{lot.cause}:{target}", lot, units, units, claw.at), [lot])
    return PointsOutcome(claw.key, target)


def find_lots(desk: Desk, **condition: object) -> dict[str, PointsLot]:
    """Lots by cause, as the desk holds them where it does."""
    held = desk.held
    return {lot.cause: held.get(lot.pk, lot) for lot in PointsLot.objects.filter(**condition)}


def count_takable(desk: Desk, holder: Holder, own: Iterable[PointsLot], at: datetime) -> int:
    """What can be taken back: what the customer can spend, and of these lots what is pending or ended unspent."""
    have = sum(lot.remaining for lot in desk.lots_of(holder, at) if is_open(lot, at))
    return have + sum(_beside(lot, at) for lot in own)


def _beside(lot: PointsLot, at: datetime) -> int:
    if lot.state == "active" and is_open(lot, at):
        return lot.expired
    return lot.expired + lot.remaining


def take_back(desk: Desk, taking: Taking, own: Sequence[PointsLot]) -> None:
    """`own` are the lots whose pending and ended points may be taken too; the taking's own lot comes first."""
    lot, accounts, customer = taking.lot, PointsAccounts(taking.lot.asset), taking.lot.customer_id
    lot.clawed += taking.units
    desk.change(lot)
    moves = Moves()
    left = min(taking.units, taking.most)
    parts: list[Part] = []
    for each in sorted(own, key=lambda other: other is not lot):
        left -= _from_lot(desk, each, left, moves, parts, accounts)
        if each is lot:
            left -= _from_others(desk, taking, left, moves, parts)
    owed = taking.units - min(taking.units, taking.most) + left
    _owe(desk, taking, owed, moves)
    taken = sum(part for _lot, part in parts)
    if taken:
        desk.record(make_use(taking.key, "claw", taking.holder, taken, taking.at, subject=taking.subject), parts)
    memo = {"customer": customer, **({"owed": owed} if owed else {})}
    desk.post(taking.key, "points_claw", moves, taking.at, subject=taking.subject, memo=memo)


def _from_lot(
    desk: Desk, lot: PointsLot, amount: int, moves: Moves, parts: list[Part], accounts: PointsAccounts
) -> int:
    """What is left of one lot, then what of it ended unspent."""
    source = accounts.pending if lot.state == "pending" else accounts.active
    part = min(lot.remaining, amount)
    if part:
        lot.remaining -= part
        parts.append((lot, part))
        moves.move(source(lot.customer_id), accounts.world, part)
    ended = min(lot.expired, amount - part)
    lot.expired -= ended
    moves.move(accounts.breakage, accounts.world, ended)
    desk.change(lot)
    return part + ended


def _from_others(desk: Desk, taking: Taking, amount: int, moves: Moves, parts: list[Part]) -> int:
    picked = pick_lots(desk.lots_of(taking.holder, taking.at), amount, taking.at)
    for lot, part in picked:
        lot.remaining -= part
        desk.change(lot)
    parts += picked
    taken = sum(part for _lot, part in picked)
    accounts = PointsAccounts(taking.lot.asset)
    moves.move(accounts.active(taking.lot.customer_id), accounts.world, taken)
    return taken


def _owe(desk: Desk, taking: Taking, amount: int, moves: Moves) -> None:
    if not amount:
        return
    asset, customer = taking.holder
    accounts, kind = PointsAccounts(asset), desk.terms.at(asset, taking.at).shortage
    moves.move(accounts.world, accounts.owed(kind, customer), amount)
    if kind == "debt":
        desk.debts[taking.holder] += amount


def settle_shortage(
    *,
    customer_id: int,
    amount: int,
    make_debt: bool,
    key: str,
    note: str,
    actor: int | None,
    at: datetime,
    now: datetime,
    asset: str,
) -> PointsOutcome:
    """What a person decides about points that could not be taken back: a debt that later points pay, or forgiven.

    Writes ledger, PointsLot and PointsUse where the debt is paid at once, audit. Idempotent by key. Refused: "points_short" when less is
    in review. Raises Invalid "points_note", "points_amount".
    """
    check_amount(amount, key)
    check_note(note)
    holder, full_key = (asset, customer_id), f"shortage:{key}"
    with transaction.atomic():
        desk, accounts = Desk([holder], now=now), PointsAccounts(asset)
        customer_id = desk.stand(customer_id)
        holder = asset, customer_id
        if full_key in find_uses([full_key]):
            return PointsOutcome(key, amount, repeated=True)
        in_review = accounts.owed("review", customer_id)
        if not _has(in_review, amount):
            return PointsOutcome(key, 0, "points_short")
        desk.record(make_use(full_key, "shortage", holder, amount, at, note=note, actor=actor), ())
        moves = Moves()
        moves.move(in_review, accounts.debt(customer_id) if make_debt else accounts.world, amount)
        memo = {"customer": customer_id, "actor": actor}  # no note: the ledger never forgets
        desk.post(full_key, "points_shortage", moves, at, memo=memo)
        if make_debt:
            desk.debts[holder] += amount
            desk.pay_debt(holder, full_key, at)
        desk.close()
        audit.record_audit(
            actor_id=actor,
            action="points_shortage",
            subject=f"customer:{customer_id}",
            reason=note,
            details={"amount": amount, "debt": make_debt, "asset": asset},
            now=now,
        )
    return PointsOutcome(key, amount)


def _has(account: AccountRef, amount: int) -> bool:
    return list_balances([account.code])[account.code] >= amount


def check_note(note: str) -> None:
    if not note.strip() or len(note) > 500:
        raise Invalid("points_note", _("Say why, in at most 500 characters."))
