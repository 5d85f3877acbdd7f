"""Points: units in an account of the customer, kept as a lot that knows its reward."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from datetime import date, datetime

from liebian.ledger.types import Leg, move
from liebian.rewards.models import PointsLot, Reward
from liebian.rewards.rules import Claw, PointsAccounts, asset_of_points, expiry_of
from liebian.rewards.services.points.claws import Taking, count_takable, find_lots, take_back
from liebian.rewards.services.points.desk import Desk, Holder, Moves, read_standing
from liebian.rewards.services.points.earning import make_lot


class Points:
    delivery = False

    def issue_legs(self, row: Reward) -> tuple[Leg, ...]:
        accounts = PointsAccounts(_asset(row))
        return move(accounts.world, accounts.active(row.customer_id), row.amount - row.clawed_amount)

    def write_issued(self, rows: Sequence[Reward], *, day: date, now: datetime) -> None:
        desk = Desk([_holder(row) for row in rows], now=now)
        for row in rows:
            holder = _stand(desk, row)
            terms = desk.terms.at(holder[0], now)
            _pass_on(desk, row, holder, now)
            desk.touch(holder, now)
            lot = make_lot(
                customer_id=holder[1],
                asset=holder[0],
                cause=_cause(row),
                reward=row,
                amount=row.amount - row.clawed_amount,
                state="active",
                expiry=terms.expiry,
                active_from=now,
                expires_at=expiry_of(terms, now),
                earned_at=row.created_at,
                trace={"programme": row.programme_id},
            )
            desk.add_lot(lot)
            desk.pay_debt(holder, lot.cause, now)
        desk.close()

    def pocket(self, row: Reward) -> Hashable:
        """One for all who are one person today."""
        asset, customer_id = _holder(row)
        return PointsAccounts(asset).active(read_standing([customer_id]).get(customer_id, customer_id)).code

    def on_hand(self, rows: Sequence[Reward], *, now: datetime) -> Mapping[Hashable, int]:
        """What each customer can still give, read while they are locked. Under terms that make it a debt they can give everything."""
        desk = Desk([_holder(row) for row in rows], now=now)
        own = _group(find_lots(desk, reward_id__in=[row.pk for row in rows]).values())
        found: dict[Hashable, int] = defaultdict(int)
        for row in rows:
            holder, pocket = _stand(desk, row), self.pocket(row)
            if desk.terms.at(holder[0], now).shortage == "debt":
                found[pocket] += row.amount - row.clawed_amount
            else:
                found[pocket] = count_takable(desk, holder, own[holder], now)
        return found

    def claw_legs(self, row: Reward, claw: Claw) -> tuple[Leg, ...]:
        """Their lots say which accounts give them, so they have an entry of their own."""
        return ()

    def write_clawed(self, returns: Sequence[tuple[Reward, Claw]], *, now: datetime) -> None:
        desk = Desk([_holder(row) for row, _ in returns], now=now)
        lots = find_lots(desk, reward_id__in=[row.pk for row, _ in returns])
        own = _group(lots.values())
        for row, claw in returns:
            owes_points = desk.terms.at(_asset(row), now).shortage == "review"
            units = claw.units if owes_points else claw.taken_units
            if units:
                key = f"claw:{_cause(row)}:{row.clawed_amount + claw.units}"
                taking = Taking(key, lots[_cause(row)], units, claw.taken_units, now, row.qualification)
                take_back(desk, taking, own[_stand(desk, row)])
        desk.close()


def _asset(row: Reward) -> str:
    return asset_of_points(row.offer.terms.get("points_programme", ""))


def _holder(row: Reward) -> Holder:
    return _asset(row), row.customer_id


def _stand(desk: Desk, row: Reward) -> Holder:
    return _asset(row), desk.stand(row.customer_id)


def _pass_on(desk: Desk, row: Reward, holder: Holder, now: datetime) -> None:
    """A reward reaches the account of whom it was granted to; somebody who was merged since has it at once."""
    if holder != _holder(row):
        accounts, moves = PointsAccounts(_asset(row)), Moves()
        moves.move(accounts.active(row.customer_id), accounts.active(holder[1]), row.amount - row.clawed_amount)
        memo = {"merged": {str(row.customer_id): holder[1]}}
        desk.post(f"merged:{_cause(row)}", "points_merge", moves, now, subject=row.qualification, memo=memo)


def _cause(row: Reward) -> str:
    return f"reward:{row.qualification}:{row.rule}:{row.role}"


def _group(lots: Iterable[PointsLot]) -> dict[Holder, list[PointsLot]]:
    grouped: dict[Holder, list[PointsLot]] = defaultdict(list)
    for lot in lots:
        grouped[lot.asset, lot.customer_id].append(lot)
    return grouped
