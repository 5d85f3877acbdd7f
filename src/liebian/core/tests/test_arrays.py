"""What is written as an array's text is what PostgreSQL reads."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from liebian.core.arrays import bytes_text, ints_text, texts_text, times_text

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(connection.vendor != "postgresql", reason="arrays are PostgreSQL's"),
]
ANY = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20)


def read_back(text: str, kind: str) -> list[object]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT v FROM unnest(%s::{kind}[]) WITH ORDINALITY AS t(v, n) ORDER BY n", [text])
        return [row[0] for row in cursor.fetchall()]


@ANY
@given(st.lists(st.none() | st.integers(-(2**63), 2**63 - 1), max_size=30))
def test_numbers(values):
    assert read_back(ints_text(values), "bigint") == values


@ANY
@given(
    st.lists(st.none() | TEXT | st.sampled_from(["", "NULL", "{}", '"', "\\", "a,b", " ", "'; --", "%s"]), max_size=20)
)
def test_texts(values):
    assert read_back(texts_text(values), "text") == values


@ANY
@given(st.lists(st.none() | st.binary(max_size=20), max_size=20))
def test_bytes(values):
    assert [None if v is None else bytes(v) for v in read_back(bytes_text(values), "bytea")] == values


@ANY
@given(st.lists(st.none() | st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30)), max_size=10))
def test_times_of_any_zone(values):
    zone = timezone(timedelta(hours=8, minutes=30))
    told = [None if value is None else value.replace(tzinfo=zone) for value in values]
    microseconds = "(extract(epoch FROM v) * 1000000)::bigint"
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {microseconds} FROM unnest(%s::timestamptz[]) WITH ORDINALITY AS t(v, n) ORDER BY n",
            [times_text(told)],
        )
        found = [row[0] for row in cursor.fetchall()]
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    assert found == [None if value is None else (value - epoch) // timedelta(microseconds=1) for value in told]


def test_truth_and_days():
    assert read_back(ints_text([True, None, False]), "boolean") == [True, None, False]
    assert read_back(times_text([date(2026, 2, 28), None]), "date") == [date(2026, 2, 28), None]
