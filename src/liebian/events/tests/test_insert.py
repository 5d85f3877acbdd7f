"""Whatever is sent again, in whatever grouping: each key enters the log once, in the order of its first arrival."""

from datetime import UTC, datetime

import msgspec
import pytest
from django.conf import settings
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from liebian.core.days import day_of
from liebian.core.errors import Invalid
from liebian.events import schemas
from liebian.events.models import SourceDay
from liebian.events.queries import get_log_end, list_events_after
from liebian.events.rules import check_values, parse_message
from liebian.events.services import record_events, record_outcomes
from liebian.events.types import Receipt

NOW = datetime(2026, 6, 1, tzinfo=UTC)


def message(n):
    return {"type": "track", "event": f"e{n}", "userId": "u", "messageId": str(n), "timestamp": NOW}


class Repeats(TestCase):
    databases = "__all__"

    @given(batches=st.lists(st.lists(st.integers(0, 30), max_size=40), max_size=6))
    @example(batches=[list(range(3000)), [*range(2990, 4500), 1]])
    def test_each_key_enters_once_in_the_order_of_its_first_arrival(self, batches):
        start, seen = get_log_end(), []
        for batch in batches:
            new = list(dict.fromkeys(n for n in batch if n not in set(seen)))
            receipt = record_events([message(n) for n in batch], source="s", received_at=NOW)
            assert receipt == Receipt(len(new), len(batch) - len(new))
            seen += new
        assert [event.name for event in list_events_after(start, 10_000)] == [f"e{n}" for n in seen]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.integers(2**62, 2**66) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text() | st.sampled_from(["\x00", "1e400", "9" * 30, "}}}}", "\\u0000"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4), max_leaves=40,
)  # fmt: skip


def nested(depth):
    value = {}
    for _ in range(depth):
        value = [value]
    return value


@given(value=JSON, spaces=st.sampled_from([None, 1]))
@example(value=nested(19), spaces=None)
@example(value=nested(20), spaces=None)
@example(value=nested(21), spaces=1)
@example(value=[1e30, -(2**63) - 1], spaces=1)
def test_a_text_without_odd_values_needs_no_walk(value, spaces):
    data = msgspec.json.encode({"message": value})
    if spaces:
        data = msgspec.json.format(data, indent=spaces)
    if not schemas.has_odd_values(data):
        check_values(msgspec.json.decode(data))


@pytest.mark.parametrize("value", [nested(21), 2**63, -1e19, "\x00", {"\x00": 1}, [[{"a": 10**25}]]])
def test_odd_values_are_found(value):
    data = msgspec.json.encode({"anonymousId": "a", "properties": {"v": value}})
    assert schemas.has_odd_values(data)
    with pytest.raises(Invalid):
        parse_message({"type": "page", **msgspec.json.decode(data)}, source="s", received_at=NOW)


@pytest.mark.parametrize(
    "value", ["A12345678901234567890", "tea, e, coffee 1e5", "{[()]}", 0.30000000000000004, 10**18 - 1]
)
def test_ordinary_values_are_not_odd(value):
    data = msgspec.json.encode({"v": value})
    assert schemas.has_odd_values(data) is (value == "tea, e, coffee 1e5")  # at worst values are walked for nothing


@pytest.mark.django_db(databases="__all__")
def test_what_is_recorded_inside_is_counted_for_its_source_and_day():
    record_events([message(1), message(2)], source="shop", received_at=NOW)
    record_events([message(2), message(3)], source="shop", received_at=NOW)
    record_outcomes([{"event": "Told", "cause": ("x",), "customer_id": 1, "at": NOW, "properties": {}}])
    (row,) = SourceDay.objects.all()
    assert (row.source, row.accepted, row.duplicates, row.quarantined) == ("shop", 3, 1, 0)
    assert row.day == day_of(NOW, settings.TIME_ZONE)


@pytest.mark.django_db(databases="__all__")
def test_two_that_name_neither_themselves_nor_a_time_are_two_also_within_a_millisecond():
    nameless = {"type": "track", "event": "Door Opened", "anonymousId": "a"}
    assert record_events([nameless, nameless], source="shop", received_at=NOW).accepted == 2
