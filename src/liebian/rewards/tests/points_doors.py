"""Two ways to the same acts on points: the services, and a shop that asks the API."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from liebian.core.errors import Conflict
from liebian.customers.models import Customer
from liebian.customers.tests.factories import make_customer, store_customers
from liebian.rewards import services
from liebian.rewards.tests import points_shop
from liebian.rewards.tests.points_api import USERS, Shop, Watch
from liebian.rewards.types import PointsOutcome


class ServiceDoor:
    frees_lapsed = False

    def begin(self) -> None:
        """Nothing has to be there."""

    def earn(self, key: str, amount: int, at: datetime, who: int, start: datetime) -> PointsOutcome:
        return points_shop.earn(key, amount, at, who, active_from=start)

    def burn(self, key: str, amount: int, at: datetime, who: int, until: datetime | None) -> PointsOutcome:
        return points_shop.burn(key, amount, at, who, until=until)

    def end(self, key: str, used: int, at: datetime) -> PointsOutcome:
        if used:
            return services.use_reserved(amounts={key: used}, at=at, now=at)[0]
        return services.release_reserved(keys=[key], at=at, now=at)[0]

    def restore(self, key: str, total: int, at: datetime) -> PointsOutcome:
        return points_shop.restore(key, total, at)

    def claw(self, key: str, total: int, at: datetime) -> PointsOutcome:
        return points_shop.claw(key, total, at)

    def merge(self, loser: int, winner: int) -> None:
        """The services need no customers."""


class ApiDoor:
    """What is asked again is told from its answers: the API says the same as the first time."""

    frees_lapsed = True

    def __init__(self, watch: Watch) -> None:
        self.watch = watch

    def begin(self) -> None:
        store_customers([make_customer(number) for number in USERS.values()])
        self.shop, self.names, self.told = Shop(), dict[str, str](), dict[Any, Any]()

    def _ask(self, key: str, operation: str, at: datetime, idempotency: str = "", **body: Any) -> PointsOutcome:
        self.watch.now = at
        asked = (operation, *body.items())
        response = self.shop.send(operation, body, idempotency or f"n{len(self.told)}-{at.timestamp()}-{asked}"[:120])
        said = response.json()
        if response.status_code == 200:
            self.names[key] = said.get("earning") or said["spending"]
            is_again = self.told.get(asked) == said
            self.told[asked] = said
            return PointsOutcome(key, said["points"], repeated=is_again)
        assert response.status_code == 409, said
        if said["error"]["code"] == "idempotency_mismatch":
            raise Conflict("idempotency_mismatch", "")
        return PointsOutcome(key, 0, said["error"]["details"]["reason"])

    def earn(self, key: str, amount: int, at: datetime, who: int, start: datetime) -> PointsOutcome:
        body = {"user_id": f"u{who}", "points": amount, "programme": "vip", "active_from": start.isoformat()}
        return self._ask(key, "earn", at, f"earn-{key}", **body)

    def burn(self, key: str, amount: int, at: datetime, who: int, until: datetime | None) -> PointsOutcome:
        body: dict[str, Any] = {"user_id": f"u{who}", "points": amount, "programme": "vip"}
        if until is None:
            return self._ask(key, "burn", at, f"burn-{key}", **body)
        body["hold_seconds"] = int((until - at).total_seconds())
        return self._ask(key, "reserve", at, f"burn-{key}", **body)

    def end(self, key: str, used: int, at: datetime) -> PointsOutcome:
        if used:
            return self._ask(key, "use", at, spending=self.names[key], points=used)
        return self._ask(key, "release", at, spending=self.names[key])

    def restore(self, key: str, total: int, at: datetime) -> PointsOutcome:
        return self._ask(key, "restore", at, spending=self.names[key], total=total)

    def claw(self, key: str, total: int, at: datetime) -> PointsOutcome:
        return self._ask(key, "take-back", at, earning=self.names[key], total=total)

    def merge(self, loser: int, winner: int) -> None:
        Customer.objects.filter(pk=loser).update(merged_into=winner)
        Customer.objects.filter(merged_into=loser).update(merged_into=winner)
