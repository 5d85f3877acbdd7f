"""Histories that provoke: refunds, cancellations, ties, outliers, unknown channels, several currencies. Seeded."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pyarrow as pa
from liebian_analytics.datasets.story import day
from liebian_analytics.schema import arrow_table

CHANNELS = ("store", "web", "wechat", None)
EVENTS = ("Product Viewed", "Coupon Used", "Signed In")


@dataclass(frozen=True)
class History:
    """Arrow tables by canonical name."""

    tables: dict[str, pa.Table]

    @classmethod
    def random(cls, seed: int, *, customers: int = 60, days: int = 200) -> History:
        """Customers 1..n, every fifth of whom never buys, over so many days."""
        chance = random.Random(seed)
        facts, lines, events = [], [], []
        order = 0
        for customer in range(1, customers + 1):
            for _ in range(chance.choice((1, 1, 1, 2, 3, 5, 9)) if customer % 5 else 0):
                order += 1
                facts += _order(chance, customer, order, chance.randint(1, days))
                lines += [_line(chance, customer, order, facts[-1]) for _ in range(chance.randint(1, 3))]
            for number in range(chance.randint(0, 6)):
                at = _moment(chance, chance.randint(1, days))
                events.append((customer, customer * 100 + number, chance.choice(EVENTS), at, at.date()))
        people = [(c, _moment(chance, c % days + 1), day(c % days + 1)) for c in range(1, customers + 1)]
        rows: dict[str, Any] = {"order_facts": facts, "order_lines": lines, "events": events, "customers": people}
        return cls({name: arrow_table(name, values) for name, values in rows.items()})


def _moment(chance: random.Random, on: int) -> datetime:
    return datetime.combine(day(on), time(chance.randrange(24), chance.randrange(60)), tzinfo=UTC)


def _order(chance: random.Random, customer: int, order: int, on: int) -> list[tuple[Any, ...]]:
    amount = chance.choice((100, 100, 2500, 999, chance.randint(1, 50_000), 10**9))
    currency = "USD" if chance.random() < 0.1 else "CNY"
    channel = chance.choice(CHANNELS)

    def change(kind: str, later: int, money: int, n: int) -> tuple[Any, ...]:
        at = _moment(chance, on) + timedelta(days=later)
        return (customer, order, f"A{order}", kind, at, at.date(), money, currency, channel, n)

    found = [change("paid", 0, amount, 1)]
    fate = chance.random()
    if fate < 0.15:
        found.append(change("refunded", chance.randint(0, 30), -(amount // 3), 0))
    elif fate < 0.3:
        found.append(change("cancelled", chance.randint(0, 30), -amount, -1))
        if fate < 0.2:
            found.append(change("paid", 31, amount, 1))
    return found


def _line(chance: random.Random, customer: int, order: int, fact: tuple[Any, ...]) -> tuple[Any, ...]:
    quantity = chance.randint(1, 5)
    category = chance.choice(("tea", "coffee", "cups", None))
    product = f"{category}-{chance.randint(1, 4)}"
    return (customer, order, product, category, quantity, quantity * chance.randint(1, 900), "CNY", fact[4], fact[5])
