"""A burn comes back: to the lots it took, with the ends they had; what ended meanwhile as the terms say."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from liebian.core.columns import update_tuples
from liebian.ledger.types import AccountRef
from liebian.rewards.models import PointsLot, PointsUse, PointsUseLot
from liebian.rewards.rules import PointsAccounts, check_amount, grace_end
from liebian.rewards.services.points.desk import Desk, Moves, find_uses
from liebian.rewards.services.points.earning import make_lot
from liebian.rewards.types import PointsOutcome, PointsRestore


class GivenBack:
    """Uses with their lines and lots, while parts of them come back. What was taken last comes back first."""

    def __init__(self, desk: Desk, uses: Sequence[PointsUse]) -> None:
        self.desk = desk
        self._uses = uses
        self._lines: dict[int, list[PointsUseLot]] = defaultdict(list)
        rows = list(PointsUseLot.objects.filter(use_id__in=[use.pk for use in uses]).order_by("-id"))
        self._lots = self._read_lots({row.lot_id for row in rows})
        for row in rows:
            self._lines[row.use_id].append(row)

    def _read_lots(self, ids: set[int]) -> dict[int, PointsLot]:
        """The same objects as the desk holds, where it holds them."""
        held = self.desk.held
        missing = PointsLot.objects.filter(pk__in=[key for key in ids if key not in held])
        return held | {lot.pk: lot for lot in missing}

    def from_reserved(self, use: PointsUse, amount: int, at: datetime, moves: Moves) -> None:
        """Of what was set aside `amount` returns; the use is that much smaller."""
        use.amount -= amount
        for line in self._lines[use.pk]:
            part = min(line.amount, amount)
            if part:
                line.amount -= part
                amount -= part
                lot = self._lots[line.lot_id]
                lot.reserved -= part
                self._to_lot(use, line, lot, part, at, _reserved(use), moves)

    def settle_reserved(self, use: PointsUse) -> None:
        """What is still set aside is used."""
        use.state = "used"
        for line in self._lines[use.pk]:
            lot = self._lots[line.lot_id]
            lot.reserved -= line.amount
            self.desk.change(lot)

    def from_burned(self, use: PointsUse, amount: int, at: datetime, moves: Moves) -> None:
        use.restored += amount
        for line in self._lines[use.pk]:
            part = min(line.amount - line.restored, amount)
            if part:
                line.restored += part
                amount -= part
                self._to_lot(use, line, self._lots[line.lot_id], part, at, PointsAccounts(use.asset).burned, moves)

    def _to_lot(
        self,
        use: PointsUse,
        line: PointsUseLot,
        lot: PointsLot,
        part: int,
        at: datetime,
        source: AccountRef,
        moves: Moves,
    ) -> None:
        desk, accounts = self.desk, PointsAccounts(use.asset)
        desk.change(lot)
        end = desk.end_of(lot, at)
        if end is None or at < end:
            lot.remaining += part
            lot.state, lot.expires_at = "active", end
            desk.hold(lot)
            moves.move(source, accounts.active(use.customer_id), part)
            return
        grace = grace_end(desk.terms.at(use.asset, at), at)
        if grace is None:
            lot.expired += part
            moves.move(source, accounts.breakage, part)
            return
        desk.add_lot(
            make_lot(
                customer_id=use.customer_id,
                asset=use.asset,
                cause=f"grace:{line.pk}:{line.amount}:{line.restored}",
                amount=part,
                state="active",
                expiry=lot.expiry,
                active_from=at,
                expires_at=grace,
                earned_at=lot.earned_at,
                trace={"restored_from": lot.pk, "use": use.key},
            )
        )
        if desk.terms.may_idle(use.asset):
            desk.revive((use.asset, use.customer_id), grace, at)
        moves.move(source, accounts.active(use.customer_id), part)

    def close(self) -> None:
        lines = [line for lines in self._lines.values() for line in lines]
        update_tuples(PointsUseLot, ("amount", "restored"), [(line.amount, line.restored, line.pk) for line in lines])
        rows = [(use.amount, use.restored, use.state, use.pk) for use in self._uses]
        update_tuples(PointsUse, ("amount", "restored", "state"), rows)


def open_uses(keys: Sequence[str], now: datetime) -> tuple[Desk, GivenBack, dict[str, PointsUse]]:
    """The uses of these keys as they stand while their customers are locked."""
    holders = PointsUse.objects.filter(key__in=keys).values_list("asset", "customer_id")
    desk = Desk(list(holders), now=now)
    uses = find_uses(keys)
    return desk, GivenBack(desk, list(uses.values())), uses


def restore_points(*, restores: Sequence[PointsRestore], now: datetime) -> list[PointsOutcome]:
    """Bring burns into line with what came back in all; answers one outcome per burn, in order, with what was restored in all.

    Every part returns to its lot; what ended meanwhile stays lost or gets days of grace, as the terms say. Refused: "points_unknown",
    "points_not_used". Writes PointsLot, PointsUse, ledger. Idempotent by the cumulative amount, never above the burn. Raises Invalid.
    """
    for each in restores:
        check_amount(each.amount, each.key)
    with transaction.atomic():
        desk, back, uses = open_uses([f"burn:{each.key}" for each in restores], now)
        outcomes = [_restore(desk, back, each, uses.get(f"burn:{each.key}")) for each in restores]
        back.close()
        desk.close()
    return outcomes


def _restore(desk: Desk, back: GivenBack, asked: PointsRestore, use: PointsUse | None) -> PointsOutcome:
    if use is None:
        return PointsOutcome(asked.key, 0, "points_unknown")
    if use.state != "used":
        return PointsOutcome(asked.key, 0, "points_not_used")
    target = min(asked.amount, use.amount)
    if target <= use.restored:
        return PointsOutcome(asked.key, use.restored, repeated=True)
    moves = Moves()
    back.from_burned(use, target - use.restored, asked.at, moves)
    key = f"{use.key}:restored:{target}"
    desk.post(key, "points_restore", moves, asked.at, subject=use.subject, memo={"customer": use.customer_id})
    desk.pay_debt((use.asset, use.customer_id), key, asked.at)
    return PointsOutcome(asked.key, target)


def _reserved(use: PointsUse) -> AccountRef:
    return PointsAccounts(use.asset).reserved(use.customer_id)
