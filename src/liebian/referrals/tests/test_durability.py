"""Commits of the stage wait for the disk where money moves, and only there."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from liebian.referrals.tests.shop import T0, Shop

pytestmark = [
    pytest.mark.django_db(databases="__all__"),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite's commits do not lag"),
]
DAY = timedelta(days=1)


def waits(shop: Shop) -> bool:
    with CaptureQueriesContext(connection) as asked:
        shop.run()
    return any("synchronous_commit TO on" in (query["sql"] or "") for query in asked)


def test_a_reward_its_end_and_its_return_wait_for_the_disk_and_a_visit_does_not(monkeypatch):
    shop = Shop(monkeypatch)
    anna = shop.customer("anna")
    code = shop.code(shop.programme(anna), anna)
    shop.say({"type": "track", "event": "Referral Link Opened", "anonymousId": "a1", "properties": {"code": code}})
    shop.sign_up("ben", code, at=T0 + timedelta(hours=1))
    assert not waits(shop)
    shop.order("ben", "o1", 120, at=T0 + DAY)
    assert waits(shop)
    shop.refund("ben", "o1", "r1", None, at=T0 + 2 * DAY)
    assert waits(shop)
    shop.day("2026-06-09")
    assert waits(shop)
