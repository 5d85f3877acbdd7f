"""The demo shop's customers: who they are, when they come, how often they buy until they stop."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import date, timedelta

from liebian.config.demo import shop

MAX_SEASON = 3.0


@dataclass(slots=True)
class Person:
    number: int
    name: str
    phone: str
    email: str
    gender: str
    birthday: str
    city: str
    province: str
    occupation: str
    channel: str
    joined: date
    order_days: list[date] = field(default_factory=list)
    is_gifter: bool = False
    referred_by: str = ""

    @property
    def user_id(self) -> str:
        return f"SY{self.number:06d}"

    @property
    def device(self) -> str:
        return f"web-{self.number:06d}"


class Crowd:
    """Makes people from one seeded source of chance; the same seed and days give the same crowd."""

    def __init__(self, seed: int, first: date, last: date) -> None:
        self.chance = random.Random(seed)  # noqa: S311 - a simulation, not a secret
        self.first, self.last = first, last
        self.number = 0

    def person(self, joined: date, *, buys: bool | None = None, channel: str | None = None) -> Person:
        chance = self.chance
        self.number += 1
        city, province, _ = chance.choices(shop.CITIES, weights=[c[2] for c in shop.CITIES])[0]
        given = "".join(chance.choices(shop.GIVEN, k=chance.choice([1, 2, 2, 2])))
        year, month, day = chance.randint(1952, 2004), chance.randint(1, 12), chance.randint(1, 28)
        person = Person(
            number=self.number,
            name=chance.choice(shop.SURNAMES) + given,
            phone=f"1{chance.choice(['38', '39', '50', '51', '58', '77', '86', '88'])}{self.number:08d}",
            email=f"c{self.number:06d}@example.com" if chance.random() < 0.3 else "",
            gender=chance.choices(["female", "male"], weights=[58, 42])[0],
            birthday=f"{year}-{month:02d}-{day:02d}" if chance.random() < 0.6 else "",
            city=city, province=province,
            occupation=chance.choice(shop.OCCUPATIONS) if chance.random() < 0.4 else "",
            channel=channel or chance.choices(list(shop.CHANNELS), weights=list(shop.CHANNELS.values()))[0],
            joined=joined,
            is_gifter=chance.random() < 0.25,
        )  # fmt: skip
        if chance.random() < 0.84 if buys is None else buys:
            person.order_days = self._order_days(person)
        return person

    def crowd(self, size: int) -> list[Person]:
        """Customers who come on their own: a base at the start, growth and season after."""
        days = [self.first + timedelta(days=n) for n in range((self.last - self.first).days + 1)]
        weights = [
            shop.season(day) * (0.7 + 0.6 * n / len(days)) * (4.0 if n < 45 else 1.0) for n, day in enumerate(days)
        ]
        joined = sorted(self.chance.choices(days, weights=weights, k=size))
        return [self.person(day) for day in joined]

    def _order_days(self, person: Person) -> list[date]:
        """Buy till you die: a personal rhythm (gamma), a personal chance to stop after each order (beta), the season."""
        chance = self.chance
        per_day = chance.gammavariate(0.9, 1 / 48) + 1 / 400
        stops = chance.betavariate(0.9, 2.6)
        day = person.joined + timedelta(days=min(chance.expovariate(1 / 6), 90))
        found = []
        while day <= self.last:
            found.append(day)
            if chance.random() < stops:
                break
            day = self._next_day(day, per_day, person.is_gifter)
        return found

    def _next_day(self, day: date, per_day: float, is_gifter: bool) -> date:
        while day <= self.last:
            day += timedelta(days=max(1, round(self.chance.expovariate(per_day * MAX_SEASON))))
            factor = shop.season(day) if not is_gifter else 0.25 + 2.2 * max(0.0, shop.gift_season(day))
            if self.chance.random() < factor / MAX_SEASON:
                return day
        return day
