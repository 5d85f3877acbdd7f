"""Live memberships: whatever the batches, shards, merges, refunds and late facts, they are what one evaluation gives."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from liebian_analytics.rules import day_number

from liebian.core.days import day_of
from liebian.customers import services as customers
from liebian.customers.models import Customer
from liebian.events.services import record_day, record_events
from liebian.orders import services as orders
from liebian.segments import queries, services
from liebian.segments.models import Membership, Progress
from liebian.segments.stage.facts import business_days
from liebian.segments.stage.step import share_beside
from liebian.segments.tests.histories import (
    RULES,
    START,
    arrive,
    begin,
    drain,
    expected_members,
    histories,
    live_members,
    moment,
)
from liebian.tiers import services as tiers

pytestmark = pytest.mark.django_db(databases="__all__")
OFTEN = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@OFTEN
@given(histories(), st.sampled_from([1, 3, 2000]), st.sampled_from([1, 3]))
def test_memberships_follow_every_day(db, history, limit, shards):
    ids = begin()
    for day, arriving in history:
        arrive(day, arriving, ahead=4)
        drain(limit=limit, shards=shards)
        assert live_members() == expected_members(ids, day)


@OFTEN
@given(histories(), st.integers(1, 4), st.integers(1, 7))
def test_a_backlog_of_days_ends_at_the_same_memberships(db, history, shards, limit):
    ids = begin()
    for day, arriving in history:
        arrive(day, arriving, ahead=4)
    drain(limit=limit, shards=shards)
    assert live_members() == expected_members(ids, history[-1][0])
    drain(shards=2)
    assert live_members() == expected_members(ids, history[-1][0])


def order(number: int, day: date, total: int, user: str = "u1", order_id: str = "o1") -> dict[str, Any]:
    properties = {"order_id": order_id, "total": total, "currency": "CNY"}
    at = moment(day, 12).isoformat()
    return {"messageId": f"m{number}", "timestamp": at, "userId": user, "type": "track", "event": "Order Completed", "properties": properties}  # fmt: skip


def refund(number: int, day: date, order_id: str = "o1") -> dict[str, Any]:
    properties = {"order_id": order_id, "refund_id": "r1"}
    at = moment(day, 12).isoformat()
    return {"messageId": f"m{number}", "timestamp": at, "userId": "u1", "type": "track", "event": "Order Refunded", "properties": properties}  # fmt: skip


def later(days: int) -> date:
    return START + timedelta(days=days)


def names_of(ids: dict[str, int]) -> set[str]:
    return {name for name, key in ids.items() if live_members().get(key)}


def test_a_refund_counts_from_its_own_day(db):
    ids = begin({"spent": RULES["spent"]})
    arrive(START, [order(1, START, 20), refund(2, later(2))], ahead=4)
    for day, inside in ((START, {"spent"}), (later(1), {"spent"}), (later(2), set())):
        if day != START:
            arrive(day, [])
        drain(limit=1)
        assert names_of(ids) == inside
    assert [row.left_at is not None for row in Membership.objects.all()] == [True]


def test_the_log_row_dates_a_change(db):
    begin({"lately": RULES["bought lately"]})
    arrive(START, [order(1, START, 20)])
    for day in (1, 2, 3):
        arrive(later(day), [])
        drain()
    row = Membership.objects.get()
    assert (row.entered_at, row.left_at) == (moment(START, 13), moment(later(2), 0))


def test_new_changed_and_archived_segments_reach_everybody_without_an_event(db):
    begin({})
    arrive(START, [order(1, START, 20), order(2, START, 5, "u2", "o2")])
    drain()
    rule = {"kind": "orders", "metric": "revenue_minor", "op": "ge", "value": 1000}
    segment = services.save_segment(name="spent", rule=rule, now=moment(START, 14))
    drain()
    assert len(live_members()[segment.id]) == 1
    services.save_segment(segment_id=segment.id, name="spent", rule=rule | {"value": 100}, now=moment(START, 15))
    drain()
    assert len(live_members()[segment.id]) == queries.count_live()[segment.id] == 2
    person = Customer.objects.first().pk
    assert [found.id for found in queries.list_live_segments(person)] == [segment.id]
    services.archive_segment(segment_id=segment.id, now=moment(START, 16))
    drain()
    assert (live_members(), queries.list_live_segments(person)) == ({}, [])


def test_whoever_is_merged_away_leaves_and_their_facts_stay_with_the_person(db):
    ids = begin({"spent": RULES["spent"], "everybody": RULES["everybody"]})
    told = {"messageId": "m4", "type": "identify", "timestamp": moment(START, 1).isoformat(), "userId": "u1"}
    half = order(2, START, 6) | {"userId": None, "anonymousId": "a1"}
    arrive(START, [half, order(3, START, 6, "u1", "o2")])
    drain()
    assert {name: len(live_members().get(key, ())) for name, key in ids.items()} == {"spent": 0, "everybody": 1}
    arrive(later(1), [told | {"anonymousId": "a1"}])
    drain()
    assert Customer.objects.filter(merged_into__isnull=False).count() == 1
    assert {name: len(live_members().get(key, ())) for name, key in ids.items()} == {"spent": 1, "everybody": 1}
    assert live_members() == expected_members(ids, later(1))


def test_tiers_that_were_computed_again_reach_the_memberships(db, lake):
    ids = begin({"new": {"kind": "tier", "model": "lifecycle", "cells": ["new"]}})
    arrive(START, [order(1, START, 20)])
    drain()
    assert live_members() == {}
    customers.publish()
    orders.publish()
    tiers.refresh_all(now=moment(later(1), 3))
    drain()
    assert len(live_members()[ids["new"]]) == 1


def test_the_lake_gives_the_same_members_and_drift_is_found(db, lake):
    ids = begin()
    arrive(START, [order(1, later(-1), 20), order(2, START, 5, "u2", "o2"), refund(3, START)])
    drain()
    customers.publish()
    orders.publish()
    compared = queries.compare_with_lake()
    assert len(compared) == len(ids) and all(drift.is_equal for drift in compared)
    assert sum(drift.n_live for drift in compared) > 4
    Membership.objects.filter(segment_id=ids["everybody"]).delete()
    assert [drift.name for drift in queries.compare_with_lake() if not drift.is_equal] == ["everybody"]


def test_freshness_says_what_waits(db):
    assert queries.get_freshness() is None
    begin()
    arrive(START, [order(1, START, 20)])
    drain()
    fresh = queries.get_freshness()
    assert (fresh.day, fresh.at, fresh.n_behind, fresh.is_sweeping) == (START, moment(START, 13), 0, False)
    assert not fresh.is_stale(moment(later(9), 0))
    arrive(later(1), [order(2, later(1), 20)])
    assert (queries.get_freshness().n_behind, queries.get_freshness().is_stale(moment(later(9), 0))) == (2, True)


def test_the_slowest_shard_says_how_fresh_memberships_are(db):
    begin()
    arrive(START, [order(1, START, 20)])
    drain()
    arrive(later(1), [order(2, later(1), 20)])
    slow = Progress.objects.get()
    drain()
    assert not queries.get_freshness().is_stale(moment(later(9), 0))
    fast = Progress.objects.get()
    Progress.objects.create(
        shard=1, shards=2, event_id=slow.event_id, day=slow.day, at=slow.at, order_change_id=slow.order_change_id
    )
    Progress.objects.filter(pk=fast.pk).update(shards=2)
    fresh = queries.get_freshness()
    assert (fresh.at, fresh.day, fresh.n_behind) == (moment(START, 13), START, 2)
    assert fresh.is_stale(moment(later(9), 0))


def test_a_shard_whose_people_are_silent_is_as_fresh_as_the_log(db):
    begin()
    arrive(START, [order(1, START, 20)])
    drain()
    Progress.objects.update(at=moment(later(-30), 0))  # the last event of its own people
    assert queries.get_freshness().at == moment(START, 13)


@pytest.mark.parametrize("zone", ["Asia/Shanghai", "Europe/Berlin", "America/New_York"])
def test_business_days_of_many_moments_are_those_of_each(settings, zone):
    settings.TIME_ZONE = zone
    moments = [datetime(2026, month, day, hour, 30, tzinfo=UTC) for month in (3, 10, 11) for day in (1, 8, 25, 29) for hour in range(24)]  # fmt: skip
    found = business_days(np.array([int(each.timestamp() * 1000) for each in moments]))
    assert found.tolist() == [day_number(day_of(each, zone)) for each in moments]


@pytest.mark.parametrize(("size", "people"), [(1, 40), (70, 40), (90, 20), (300, 30), (2000, 200)])
def test_a_sweep_gives_way_to_a_log_that_is_behind_and_never_rests(size, people):
    assert share_beside(size) == people


@OFTEN
@given(histories(), st.sampled_from([1, 2, 5, 40]), st.sampled_from([3, 2000]), st.sampled_from([1, 3]))
def test_memberships_are_those_of_today_again_after_a_clock_that_was_ahead(db, history, jump, limit, shards):
    ids = begin()
    for number, (day, arriving) in enumerate(history):
        record_day(day=day + timedelta(days=jump), now=moment(day, 0), again=2 * number)
        drain(limit=limit, shards=shards)
        if arriving:
            record_events(arriving, source="tests", received_at=moment(day + timedelta(days=4), 13))
            drain(limit=limit, shards=shards)
        record_day(day=day, now=moment(day, 0), again=2 * number + 1)
        drain(limit=limit, shards=shards)
        assert live_members() == expected_members(ids, day)
    last = history[-1][0] + timedelta(days=jump + 4)
    record_day(day=last, now=moment(last, 0), again=99)
    drain(limit=limit, shards=shards)
    assert live_members() == expected_members(ids, last)


@pytest.mark.parametrize("change", ["moved", "refunded before its day"])
def test_an_order_that_a_wrong_day_counted_early_counts_once(db, change):
    """It is moved while its day has not come again: what the wrong day had counted must be gone by then."""
    ids = begin()

    def tell(*messages: dict[str, Any]) -> None:
        record_events(list(messages), source="tests", received_at=moment(later(6), 13))
        drain()

    def start(number: int, again: int) -> None:
        record_day(day=later(number), now=moment(later(number), 0), again=again)
        drain()
        assert live_members() == expected_members(ids, later(number)), number

    start(0, 0)
    start(40, 0)
    tell(order(1, later(3), 6))
    start(0, 1)
    tell(order(2, later(5), 6, order_id="o2"), order(3, later(5), 6) if change == "moved" else refund(3, later(2)))
    for number in (2, 3, 4, 5, 6, 40):
        start(number, 2)
