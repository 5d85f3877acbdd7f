"""A shop that asks the points API, for tests."""

from __future__ import annotations

import json
from datetime import datetime
from itertools import count
from typing import Any

from django.test import Client

from liebian.core import clock
from liebian.customers.queries import people
from liebian.customers.tests.factories import make_customer, store_customers
from liebian.rewards import services
from liebian.rewards.tests.factories import NOW

USERS = {"u1": 1, "u2": 2, "u3": 3}


class Shop:
    def __init__(self, name: str = "web", language: str = "en") -> None:
        _view, self.key = services.create_shop_key(name=name, actor_id=None, now=NOW)
        self.client = Client(raise_request_exception=False, headers={"accept-language": language})
        self._numbers = count(1)

    def send(self, operation: str, body: Any, key: str, **headers: str):
        said = {"authorization": f"Bearer {self.key}", "idempotency-key": key, **headers}
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.client.post(f"/v1/points/{operation}", raw, content_type="application/json", headers=said)

    def act(self, operation: str, status: int = 200, key: str = "", **body: Any) -> dict[str, Any]:
        response = self.send(operation, body, key or f"own-{next(self._numbers)}")
        assert response.status_code == status, response.content
        return response.json()  # type: ignore[no-any-return]

    def look(self, operation: str, status: int = 200, **asked: Any) -> dict[str, Any]:
        said = {"authorization": f"Bearer {self.key}"}
        response = self.client.get(f"/v1/points/{operation}", {"user_id": "u1", **asked}, headers=said)
        assert response.status_code == status, response.content
        return response.json()  # type: ignore[no-any-return]

    def has(self, programme: str = "", user: str = "u1") -> dict[str, Any]:
        [found] = self.look("balance", user_id=user, programme=programme)["programmes"]
        return found  # type: ignore[no-any-return]

    def earn(self, points: int, user: str = "u1", **more: Any) -> dict[str, Any]:
        return self.act("earn", user_id=user, points=points, **more)


class Watch:
    """The time as the API sees it."""

    def __init__(self, now: datetime) -> None:
        self.now = now


def know_users(monkeypatch: Any, now: datetime = NOW) -> Watch:
    watch = Watch(now)
    monkeypatch.setattr(clock, "now", lambda: watch.now)
    monkeypatch.setattr(people, "find_customer_id", lambda *, kind, value: USERS.get(value))
    store_customers([make_customer(number) for number in USERS.values()])
    return watch
