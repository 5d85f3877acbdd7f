"""Points as one would do them on paper: lists and sums, nothing written anywhere. What the services do is held against it."""

from __future__ import annotations

from calendar import monthrange
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from liebian.rewards.types import PointsTerms


@dataclass(eq=False)
class Lot:
    owner: int
    amount: int
    start: datetime
    end: datetime | None
    earned: datetime
    state: str = "active"
    left: int = 0
    reserved: int = 0
    expired: int = 0
    clawed: int = 0

    def is_over(self, at: datetime) -> bool:
        return self.end is not None and self.end <= at


@dataclass(eq=False)
class Use:
    owner: int
    asked: int
    amount: int
    until: datetime | None
    state: str
    restored: int = 0
    parts: list[list] = field(default_factory=list)  # lot, amount, restored


class Paper:
    def __init__(self, terms: PointsTerms) -> None:
        self.terms = terms
        self.lots: list[Lot] = []
        self.earned: dict[str, Lot] = {}
        self.uses: dict[str, Use] = {}
        self.idle: dict[int, datetime] = {}
        self.debt: dict[int, int] = defaultdict(int)
        self.owed: dict[int, int] = defaultdict(int)  # receivable or in review, as the terms say
        self.burned = 0

    def midnight_after(self, day: date) -> datetime:
        return datetime.combine(day + timedelta(days=1), time(), ZoneInfo(self.terms.zone)).astimezone(UTC)

    def local_day(self, at: datetime, days: int = 0) -> date:
        return at.astimezone(ZoneInfo(self.terms.zone)).date() + timedelta(days=days)

    def end_from(self, start: datetime) -> datetime | None:
        terms = self.terms
        if terms.expiry in ("never", "inactivity"):
            return None
        if terms.expiry == "days":
            return self.midnight_after(self.local_day(start, terms.expiry_count))
        if terms.expiry == "months":
            day = self.local_day(start)
            number = day.year * 12 + day.month - 1 + terms.expiry_count
            year, month = number // 12, number % 12 + 1
            return self.midnight_after(date(year, month, min(day.day, monthrange(year, month)[1])))
        day = self.local_day(start, terms.min_days)
        if terms.expiry == "month_end":
            return self.midnight_after(date(day.year, day.month, monthrange(day.year, day.month)[1]))
        return self.midnight_after(date(day.year, 12, 31))

    def lapse(self, who: int, at: datetime) -> None:
        end = self.idle.get(who)
        for lot in self.lots if end is not None and end <= at else ():
            if lot.owner == who and lot.state != "pending" and lot.start < end:
                lot.end = min(lot.end or end, end)

    def touch(self, who: int, at: datetime, until: datetime | None = None) -> None:
        if self.terms.expiry == "inactivity":
            until = until or self.midnight_after(self.local_day(at, self.terms.expiry_count))
            self.lapse(who, at)
            old = self.idle.get(who)
            self.idle[who] = until if old is None or old <= at else max(old, until)

    def open_lots(self, who: int, at: datetime) -> list[Lot]:
        self.lapse(who, at)
        lots = [
            lot for lot in self.lots if lot.owner == who and lot.state == "active" and lot.left and not lot.is_over(at)
        ]
        return sorted(lots, key=lambda lot: (lot.end is None, lot.end or lot.earned, lot.earned, self.lots.index(lot)))

    def pick(self, who: int, amount: int, at: datetime) -> list[list]:
        parts = []
        for lot in self.open_lots(who, at):
            part = min(lot.left, amount)
            if part:
                lot.left -= part
                amount -= part
                parts.append([lot, part, 0])
        return parts

    def has(self, who: int, at: datetime) -> int:
        return sum(lot.left for lot in self.open_lots(who, at))

    def pay(self, who: int, at: datetime) -> None:
        self.debt[who] -= sum(part for _, part, _ in self.pick(who, self.debt[who], at))

    def earn(self, key: str, who: int, amount: int, at: datetime, start: datetime) -> None:
        lot = Lot(who, amount, start, self.end_from(start), at, "active" if start <= at else "pending", left=amount)
        self.touch(who, at)
        self.earned[key] = lot
        self.lots.append(lot)
        if lot.state == "active":
            self.pay(who, at)

    def burn(self, key: str, who: int, amount: int, at: datetime, until: datetime | None) -> str:
        if self.debt[who]:
            return "points_in_debt"
        if self.has(who, at) < amount:
            return "points_short"
        parts = self.pick(who, amount, at)
        self.uses[key] = Use(who, amount, amount, until, "reserved" if until else "used", parts=parts)
        for lot, part, _ in parts if until else ():
            lot.reserved += part
        self.burned += 0 if until else amount
        self.touch(who, at)
        return ""

    def give_back(self, lot: Lot, owner: int, part: int, at: datetime) -> None:
        self.lapse(owner, at)
        if not lot.is_over(at):
            lot.left, lot.state = lot.left + part, "active"
        elif self.terms.late_restore == "expired":
            lot.expired += part
        else:
            end = self.midnight_after(self.local_day(at, self.terms.grace_days))
            self.lots.append(Lot(owner, part, at, end, lot.earned, left=part))
            self.touch(owner, at, until=end)

    def end_reservation(self, key: str, at: datetime, used: int) -> str:
        use = self.uses[key]
        if use.state != "reserved" or (used and use.until <= at):
            return "points_reservation_over" if used else "points_used"
        back = use.amount - used
        use.amount, use.state = used, "used" if used else "released"
        for part in reversed(use.parts):
            returned = min(part[1], back)
            back -= returned
            part[0].reserved -= part[1]
            part[1] -= returned
            if returned:
                self.give_back(part[0], use.owner, returned, at)
        self.burned += used
        if used:
            self.touch(use.owner, at)
        self.pay(use.owner, at)
        return ""

    def restore(self, key: str, total: int, at: datetime) -> int:
        use = self.uses[key]
        back = max(min(total, use.amount) - use.restored, 0)
        if not back:
            return use.restored
        use.restored += back
        self.burned -= back
        for part in reversed(use.parts):
            returned = min(part[1] - part[2], back)
            back -= returned
            part[2] += returned
            if returned:
                self.give_back(part[0], use.owner, returned, at)
        self.pay(use.owner, at)
        return use.restored

    def claw(self, key: str, total: int, at: datetime) -> int:
        lot = self.earned[key]
        units = max(min(total, lot.amount) - lot.clawed, 0)
        lot.clawed += units
        left = min(lot.left, units)
        ended = min(lot.expired, units - left)
        lot.left, lot.expired, units = lot.left - left, lot.expired - ended, units - left - ended
        if units:
            units -= sum(part for _, part, _ in self.pick(lot.owner, units, at))
        (self.debt if self.terms.shortage == "debt" else self.owed)[lot.owner] += units
        return lot.clawed

    def transfer(self, sender: int, receiver: int, amount: int, at: datetime) -> str:
        if sender == receiver:
            return "points_no_transfer"
        if self.debt[sender]:
            return "points_in_debt"
        fee = amount * self.terms.transfer_fee_bp // 10_000
        if self.has(sender, at) < amount + fee:
            return "points_short"
        parts = self.pick(sender, amount + fee, at)
        self.burned += fee
        self.touch(sender, at)
        self.touch(receiver, at)
        for lot, part, _ in parts:
            given = min(part, amount)
            amount -= given
            if given:
                self.lots.append(Lot(receiver, given, at, lot.end, lot.earned, left=given))
        self.pay(receiver, at)
        return ""

    def free_lapsed(self, at: datetime, who: int | None = None) -> None:
        due = [
            key
            for key, use in self.uses.items()
            if use.state == "reserved" and use.until <= at and who in (None, use.owner)
        ]
        for key in sorted(due, key=lambda key: self.uses[key].until):
            self.end_reservation(key, self.uses[key].until, 0)

    def night(self, at: datetime) -> None:
        self.free_lapsed(at)
        woken = [lot for lot in self.lots if lot.state == "pending" and lot.start <= at]
        for lot in woken:
            lot.state = "active"
        for who in {lot.owner for lot in woken}:
            self.pay(who, at)
        for who, end in list(self.idle.items()):
            self.lapse(who, at)
            if end <= at:
                del self.idle[who]
        for lot in self.lots:
            if lot.state == "active" and lot.left and lot.is_over(at):
                lot.left, lot.expired, lot.state = 0, lot.expired + lot.left, "expired"

    def merge(self, loser: int, winner: int, at: datetime) -> None:
        for who in (loser, winner):
            self.lapse(who, at)
            if who in self.idle and self.idle[who] <= at:
                del self.idle[who]
        ends = [self.idle.pop(who) for who in (loser, winner) if who in self.idle]
        if ends:
            self.idle[winner] = max(ends)
        for thing in (*self.lots, *self.uses.values()):
            thing.owner = winner if thing.owner == loser else thing.owner
        for owed in (self.debt, self.owed):
            owed[winner] += owed.pop(loser, 0)
        self.pay(winner, at)

    def rows(self, who: int) -> list[tuple]:
        mine = [lot for lot in self.lots if lot.owner == who]
        return sorted((lot.amount, lot.left, lot.reserved, lot.expired, lot.state) for lot in mine)
