"""Points for tests: short ways to earn, spend and look."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from liebian.rewards import queries, services
from liebian.rewards.types import (
    PointsBalance,
    PointsBurn,
    PointsClaw,
    PointsEarn,
    PointsOutcome,
    PointsRestore,
    PointsTerms,
    PointsTransfer,
)

VIP = "POINTS:vip/0"
ZONE = "Asia/Shanghai"
START = datetime(2025, 1, 1, tzinfo=UTC)


def day(month: int, number: int, hour: int = 4, year: int = 2026) -> datetime:
    return datetime(year, month, number, hour, tzinfo=UTC)


def set_terms(zone: str = ZONE, **terms: Any) -> None:
    services.set_points_terms(asset=VIP, terms=PointsTerms(zone, **terms), actor=1, now=START)


def earn(key: str, amount: int, at: datetime, customer: int = 1, **others: Any) -> PointsOutcome:
    [outcome] = services.earn_points(earns=[PointsEarn(key, customer, amount, at, VIP, **others)], now=at)
    return outcome


def burn(key: str, amount: int, at: datetime, customer: int = 1, until: datetime | None = None) -> PointsOutcome:
    asked = PointsBurn(key, customer, amount, at, VIP, subject=f"order:{key}", reserve_until=until)
    [outcome] = services.burn_points(burns=[asked], now=at)
    return outcome


def restore(key: str, amount: int, at: datetime) -> PointsOutcome:
    [outcome] = services.restore_points(restores=[PointsRestore(key, amount, at)], now=at)
    return outcome


def claw(key: str, amount: int, at: datetime) -> PointsOutcome:
    [outcome] = services.claw_points(claws=[PointsClaw(key, amount, at)], now=at)
    return outcome


def transfer(key: str, amount: int, at: datetime, sender: int = 1, receiver: int = 2) -> PointsOutcome:
    [outcome] = services.transfer_points(transfers=[PointsTransfer(key, sender, receiver, amount, at, VIP)], now=at)
    return outcome


def start_day(at: datetime) -> None:
    """What the row of a new day does to points."""
    for act in (services.expire_reservations, services.activate_points, services.expire_points):
        while act(at=at, now=at):
            pass


def look(at: datetime, customer: int = 1) -> PointsBalance:
    return queries.get_points_balance(customer, at=at, asset=VIP)


def left(customer: int = 1) -> list[tuple[int, int]]:
    """Amount and what remains of every lot, by age."""
    lots = queries.list_lots(customer, asset=VIP, only_left=False)
    return [(lot.amount, lot.remaining) for lot in reversed(lots)]
