"""What the demo shop's customers do, as tracking messages in the order of their time."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from liebian.config.demo import shop
from liebian.config.demo.people import Person

Message = dict[str, Any]
_HOURS = [1, 0, 0, 0, 0, 0, 1, 3, 5, 7, 8, 8, 9, 6, 6, 6, 6, 6, 7, 9, 11, 11, 8, 4]


class Diary:
    """Collects messages by day."""

    def __init__(self, chance: random.Random, zone: str) -> None:
        self.chance = chance
        self.zone = ZoneInfo(zone)
        self.days: dict[date, list[Message]] = defaultdict(list)
        self.count = 0
        self.orders = 0

    def moment(self, day: date, *, after: datetime | None = None) -> datetime:
        hour = self.chance.choices(range(24), weights=_HOURS)[0]
        found = datetime.combine(day, time(hour, self.chance.randrange(60), self.chance.randrange(60)), self.zone)
        return found if after is None or found > after else after + timedelta(minutes=self.chance.randint(2, 9))

    def add(self, at: datetime, message: Message) -> None:
        self.count += 1
        self.days[at.date()].append({"messageId": f"demo-{self.count}", "timestamp": at, **message})

    def take(self, day: date, until: datetime) -> list[Message]:
        """The messages of a day up to an instant, in order of time."""
        found = [message for message in self.days.pop(day, []) if message["timestamp"] <= until]
        return sorted(found, key=lambda message: message["timestamp"])


def write_life(diary: Diary, person: Person, last: date) -> None:
    """Everything one person does: first visit, account, orders, looking around, giving back."""
    arrives = diary.moment(person.joined)
    if person.channel not in {"store", "tmall"}:
        look_around(diary, {"anonymousId": person.device}, arrives, person.channel)
    introduce(diary, person, arrives + timedelta(minutes=diary.chance.randint(1, 30)))
    for day in person.order_days:
        at = diary.moment(day, after=arrives + timedelta(minutes=40) if day == person.joined else None)
        if diary.chance.random() < 0.7:
            look_around(
                diary, {"userId": person.user_id}, at - timedelta(minutes=diary.chance.randint(3, 20)), person.channel
            )
        place_order(diary, person, at, last)
    if not person.order_days and diary.chance.random() < 0.6:
        day = min(last, person.joined + timedelta(days=diary.chance.randint(1, 60)))
        look_around(diary, {"userId": person.user_id}, diary.moment(day), person.channel)


def introduce(diary: Diary, person: Person, at: datetime) -> None:
    traits: Message = {
        "name": person.name, "phone": person.phone, "email": person.email, "gender": person.gender,
        "birthday": person.birthday, "city": person.city, "province": person.province, "occupation": person.occupation,
        "channel": person.channel, "referred_by": person.referred_by,
    }  # fmt: skip
    told = {key: value for key, value in traits.items() if value}
    diary.add(at, {"type": "identify", "userId": person.user_id, "anonymousId": person.device, "traits": told})


def look_around(diary: Diary, who: Message, at: datetime, channel: str) -> None:
    product = diary.chance.choice(shop.PRODUCTS)
    properties = {
        "product_id": product.sku,
        "name": product.name,
        "category": product.category,
        "price": product.price,
        "channel": channel,
    }
    diary.add(at, {"type": "track", "event": "Product Viewed", "properties": properties, **who})


def place_order(
    diary: Diary, person: Person, at: datetime, last: date, *, at_least: int = 0, coupon: str = "", off: int = 0
) -> str:
    """An order with one to three products; some are given back, wholly or in part. Returns the order number.

    A coupon takes `off` from the total of an order of `at_least`.
    """
    chance = diary.chance
    gift_time = chance.random() < 0.15 + 0.5 * max(0.0, shop.gift_season(at.date()))
    choices = shop.GIFTS if gift_time or (person.is_gifter and chance.random() < 0.5) else shop.EVERYDAY
    lines = [
        (product, chance.choices([1, 2, 3], weights=[78, 17, 5])[0])
        for product in chance.sample(choices, chance.choices([1, 2, 3], weights=[62, 28, 10])[0])
    ]
    while sum(product.price * quantity for product, quantity in lines) < at_least:
        lines.append((chance.choice(shop.EVERYDAY), 1))
    total = sum(product.price * quantity for product, quantity in lines)
    if total > 200 and chance.random() < 0.25:
        total -= chance.choice([20, 30, 50])
    total -= off
    diary.orders += 1
    order_id = f"SY{at:%y%m%d}-{diary.orders:06d}"
    products = [
        {"product_id": p.sku, "name": p.name, "category": p.category, "price": p.price, "quantity": quantity}
        for p, quantity in lines
    ]
    properties: Message = {
        "order_id": order_id,
        "total": total,
        "currency": shop.CURRENCY,
        "channel": person.channel,
        "products": products,
    }
    if coupon:
        properties["coupon"] = coupon
    diary.add(at, {"type": "track", "event": "Order Completed", "userId": person.user_id, "properties": properties})
    if chance.random() < 0.035:
        give_back(diary, person, order_id, total, at + timedelta(days=chance.randint(2, 9)), last)
    return order_id


def give_back(diary: Diary, person: Person, order_id: str, total: int, at: datetime, last: date) -> None:
    if at.date() > last:
        return
    amount = total if diary.chance.random() < 0.7 else max(1, total // 3)
    properties = {"order_id": order_id, "refund_id": f"R-{order_id}", "total": amount, "currency": shop.CURRENCY}
    diary.add(at, {"type": "track", "event": "Order Refunded", "userId": person.user_id, "properties": properties})


def write_lives(diary: Diary, people: Iterable[Person], last: date) -> None:
    for person in people:
        write_life(diary, person, last)
