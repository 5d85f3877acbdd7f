"""A small shop for tests: messages in, stages run, people out."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from django.test import Client

from liebian.access.tests.factories import make_user
from liebian.core import cursors
from liebian.customers import services
from liebian.customers.models import Customer, CustomerSeen
from liebian.events.services import record_events

START = datetime(2026, 3, 1, 4, 0, tzinfo=UTC)
NOW = START + timedelta(days=60)
PERSON = {
    "name": "林晚秋",
    "phone": "13812346021",
    "email": "wanqiu@example.com",
    "address": "杭州市西湖区龙井路 1 号",
    "openid": "oX8f2kQ9",
}


def play(messages: list[dict[str, Any]], *, source: str = "shop") -> None:
    """Record the messages, an hour apart where they say no time, and let the identity stage read them."""
    stamped = [
        {"messageId": f"m{number}", "timestamp": (START + timedelta(hours=number)).isoformat(), **message}
        for number, message in enumerate(messages)
    ]
    record_events(stamped, source=source, received_at=NOW)
    cursors.drain(services.advance)


def identify(user_id: str, **traits: Any) -> dict[str, Any]:
    return {"type": "identify", "userId": user_id, "traits": traits}


def track(user_id: str, event: str, **properties: Any) -> dict[str, Any]:
    return {"type": "track", "event": event, "userId": user_id, "properties": properties}


def lin() -> Customer:
    """One person with every personal field."""
    play([identify("u-lin", **PERSON, city="杭州", gender="f")])
    return Customer.objects.get(user_id="u-lin")


def make_customer(number: int, **values: Any) -> Customer:
    seen = START + timedelta(days=number % 7)
    last_seen_at = values.pop("last_seen_at", seen)
    person = Customer(**{"id": number, "is_known": True, "first_seen_at": seen, **values})
    person.seen = CustomerSeen(customer=person, is_known=person.is_known, last_seen_at=last_seen_at)
    return person


def store_customers(people: Iterable[Customer]) -> None:
    made = Customer.objects.bulk_create(people)
    CustomerSeen.objects.bulk_create(person.seen for person in made)


def client_of(role: str) -> Client:
    client = Client()
    client.force_login(make_user(role))
    return client
