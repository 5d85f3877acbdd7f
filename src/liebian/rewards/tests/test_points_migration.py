"""Installations from before lots: a balance becomes lots that add up to it, what is left of it in the newest rewards."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from django.db import connections
from django.db.migrations.executor import MigrationExecutor

pytestmark = pytest.mark.django_db
BEFORE, AFTER = [("ledger", "0005_hold_once"), ("rewards", "0030_coupons")], [("rewards", "0031_points")]
NOW = datetime(2026, 6, 1, 4, tzinfo=UTC)
ELSEWHERE = "before_lots"


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Any]:
    """The default connection leads to a place without tables: a file of its own, or a schema."""
    usual = connections["default"]
    other = usual.copy()
    other.settings_dict["OPTIONS"] = {k: v for k, v in other.settings_dict["OPTIONS"].items() if k != "pool"}
    is_postgres = usual.vendor == "postgresql"
    if not is_postgres:
        other.settings_dict["NAME"] = str(tmp_path / "old.sqlite3")
    connections["default"] = other
    try:
        if is_postgres:
            _run(other, f"CREATE SCHEMA {ELSEWHERE}", f"SET search_path TO {ELSEWHERE}")
        yield other
        if is_postgres:
            _run(other, f"DROP SCHEMA {ELSEWHERE} CASCADE")
    finally:
        other.close()
        connections["default"] = usual


def _run(connection: Any, *statements: str) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def migrate(connection: Any, targets: list[tuple[str, str]]) -> Any:
    return MigrationExecutor(connection).migrate(targets).apps


def test_balances_become_lots_that_add_up_to_them(empty: Any) -> None:
    apps = migrate(empty, BEFORE)
    fill(apps)
    lots = migrate(empty, AFTER).get_model("rewards", "PointsLot").objects.order_by("customer_id", "cause")
    assert list(lots.values_list("customer_id", "cause", "amount", "remaining", "state", "expires_at")) == [
        (1, "reward:order:1:first:referrer", 500, 400, "active", None),
        (1, "reward:order:2:first:referrer", 300, 300, "active", None),
        (2, "opening:2", 50, 50, "active", None),
        (3, "reward:order:3:first:referrer", 200, 0, "active", None),
    ]
    assert {lot.reward_id is None for lot in lots if lot.cause.startswith("reward:")} == {False}


def fill(apps: Any) -> None:
    """The balances of 700, 50 and nothing; what was taken back, spent, not issued, or is no points."""
    budget = apps.get_model("rewards", "Budget").objects.create(name="old", currency="CNY", created_at=NOW)
    points, coupon = (
        apps.get_model("rewards", "Offer").objects.create(
            kind=kind, fingerprint=kind, name=kind, currency="CNY", cost_minor=1, created_at=NOW
        )
        for kind in ("points", "coupon")
    )
    rewards = [
        (1, points, 1, "issued", 500, 0),
        (2, points, 1, "clawed_back", 400, 100),
        (3, points, 3, "issued", 200, 0),
        (4, points, 1, "held", 900, 0),
        (5, coupon, 2, "issued", 1, 0),
    ]
    for number, offer, customer, state, amount, clawed in rewards:
        apps.get_model("rewards", "Reward").objects.create(
            qualification=f"order:{number}", rule="first", role="referrer", programme_id=1, budget=budget, offer=offer,
            customer_id=customer, state=state, amount=amount, cost_minor=amount, clawed_amount=clawed,
            hold_until=date(2026, 6, 8), created_at=NOW, changed_at=NOW,
        )  # fmt: skip
    for customer, balance in ((1, 700), (2, 50), (3, 0)):
        apps.get_model("ledger", "Account").objects.create(
            code=f"points:{customer}", kind="points", asset="POINTS/0", balance=balance, opened_at=NOW
        )
