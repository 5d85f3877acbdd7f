"""Live memberships: whatever the batches, shards, merges, refunds and late facts, they are what one evaluation gives."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from liebian.segments.tests.histories import arrive, begin, drain, expected_members, histories, live_members

pytestmark = pytest.mark.django_db(databases="__all__")
OFTEN = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@OFTEN
@given(histories(), st.sampled_from([1, 3, 2000]), st.sampled_from([1, 3]))
def test_memberships_follow_every_day(db, history, limit, shards):
    ids = begin()
    for day, arriving in history:
        arrive(day, arriving)
        drain(limit=limit, shards=shards)
        assert live_members() == expected_members(ids, day)


@OFTEN
@given(histories(), st.integers(1, 4), st.integers(1, 7))
def test_a_backlog_of_days_ends_at_the_same_memberships(db, history, shards, limit):
    ids = begin()
    for day, arriving in history:
        arrive(day, arriving)
    drain(limit=limit, shards=shards)
    assert live_members() == expected_members(ids, history[-1][0])
    drain(shards=2)
    assert live_members() == expected_members(ids, history[-1][0])
