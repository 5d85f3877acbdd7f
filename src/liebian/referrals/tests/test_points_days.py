"""Rows of new days end points, and the same log ends the same points whatever the size of the steps."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest

from liebian.ledger import queries as ledger
from liebian.referrals.tests.shop import T0, Shop
from liebian.rewards import queries as rewards
from liebian.rewards import services as reward_services
from liebian.rewards.types import POINTS, PointsBurn, PointsTerms

pytestmark = pytest.mark.django_db(databases="__all__")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
TERMS = PointsTerms("Asia/Shanghai", "days", 10)
AFTER = datetime(2026, 9, 1, tzinfo=UTC)


def earn_in_june(shop: Shop, days: list[str]) -> int:
    """Two friends order a day apart; then the rows of these days. The points are released in two parts."""
    reward_services.set_points_terms(asset=POINTS, terms=TERMS, actor=None, now=T0 - 90 * DAY)
    anna = shop.customer("anna")
    programme = shop.programme(anna)
    code = shop.code(programme, anna)
    for number, friend in enumerate(("ben", "cai")):
        shop.sign_up(friend, code, at=T0 + HOUR)
        shop.order(friend, f"o-{friend}", 120, at=T0 + (1 + 2 * number) * DAY)
    for day in days:
        shop.day(day)
    shop.run()
    return anna


def kept(customer: int) -> Any:
    lots = rewards.list_lots(customer, only_left=False)
    books = [book for book in ledger.list_books(codes=["points"]) if book.asset == POINTS]
    shared = {kind: sum(book.balance_of(kind) for book in books) for kind in ("points", "points_breakage")}
    balance = replace(rewards.get_points_balance(customer, at=AFTER), customer_id=0)
    return balance, sorted((lot.remaining, lot.expired, lot.state, lot.expires_at) for lot in lots), shared


def test_points_end_with_the_row_of_the_day_after_their_last(shop: Shop) -> None:
    anna = earn_in_june(shop, ["2026-06-09", "2026-06-11", "2026-06-19"])
    assert rewards.points_balance(anna) == 600
    shop.day("2026-06-20")
    shop.run()
    assert rewards.points_balance(anna) == 300, "the first part was released two days before the second"
    shop.day("2026-06-22")
    shop.run()
    assert rewards.points_balance(anna) == 0
    assert kept(anna)[2]["points_breakage"] == 600
    assert rewards.prove_lots() == [] and all(proof.holds for proof in ledger.prove_zero())


def test_the_row_of_a_day_lets_go_what_nobody_used_and_then_ends_it(shop: Shop) -> None:
    anna = earn_in_june(shop, ["2026-06-09", "2026-06-11"])
    until = T0 + 12 * DAY
    asked = PointsBurn("cart", anna, 200, until - HOUR, reserve_until=until)
    assert reward_services.burn_points(burns=[asked], now=until - HOUR)[0].accepted
    shop.day("2026-07-01")
    shop.run()
    balance = rewards.get_points_balance(anna, at=AFTER)
    assert (balance.active, balance.reserved) == (0, 0)
    assert kept(anna)[2] == {"points": 0, "points_breakage": 600}
    assert rewards.prove_lots() == []


@pytest.mark.parametrize("in_between", [True, False])
def test_points_of_somebody_without_a_name_are_theirs_when_they_have_one(shop: Shop, in_between: bool) -> None:
    """A visitor earned them; the device turns out to be Dora's, before or after they were given."""
    anna = shop.customer("anna")
    code = shop.code(shop.programme(anna, friend_kind="points", friend_points=200), anna)
    signed = {"event": "Referral Signed Up", "properties": {"code": code, "consent": "2026-01"}}
    ordered = {"event": "Order Completed", "properties": {"order_id": "o1", "total": 120, "currency": "CNY"}}
    shop.say(*({"type": "track", "anonymousId": "d1", **each} for each in (signed, ordered)))
    if in_between:
        shop.day("2026-06-09")
        shop.run()
    shop.say({"type": "identify", "userId": "dora", "traits": {"name": "Dora"}}, at=T0 + 9 * DAY)
    shop.say({"type": "identify", "userId": "dora", "anonymousId": "d1"}, at=T0 + 9 * DAY)
    shop.day("2026-06-11")
    shop.run()
    assert rewards.points_balance(shop.id_of("dora")) == 200
    assert len(ledger.list_entries(kind="points_merge").entries) == 1, (
        "granted to whom they were at that place in the log"
    )
    assert rewards.prove_lots() == [] and all(proof.holds for proof in ledger.prove_zero())


def test_a_night_in_pieces_is_the_night(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    small = partial(reward_services.expire_many_points, piece=1, seconds=0)
    monkeypatch.setattr(reward_services, "expire_many_points", small)
    anna = earn_in_june(shop, ["2026-06-09", "2026-06-11", "2026-07-01"])
    assert rewards.points_balance(anna) == 0
    assert kept(anna)[2] == {"points": 0, "points_breakage": 600}
    assert ledger.count_entries(kind="points_expire") == 2


@pytest.fixture(scope="module")
def outcomes() -> list[Any]:
    return []


@pytest.mark.parametrize("limit", [1, 3, 1000])
def test_the_size_of_the_steps_changes_nothing(
    monkeypatch: pytest.MonkeyPatch, outcomes: list[Any], limit: int
) -> None:
    days = ["2026-06-09", "2026-06-11", "2026-06-20"]
    outcomes.append(kept(earn_in_june(Shop(monkeypatch, limit=limit), days)))
    assert outcomes[-1] == outcomes[0]
    assert [row[:3] for row in outcomes[0][1]] == [(0, 300, "expired"), (300, 0, "active")]


@pytest.fixture
def shop(monkeypatch: pytest.MonkeyPatch) -> Shop:
    return Shop(monkeypatch)
