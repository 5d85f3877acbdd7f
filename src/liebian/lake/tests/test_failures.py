"""A lake that cannot be written, is full or has a broken file: said clearly, nothing lost, it goes on by itself."""

from __future__ import annotations

import errno
from contextlib import contextmanager
from datetime import date

import pytest

from liebian.core.errors import Unavailable
from liebian.lake import queries, rules, writing
from liebian.lake.tables import find_snapshot, find_table
from liebian.lake.tests.tables import READER, event, publish

DAY = date(2026, 3, 1)


def rows(*numbers: int):
    return [event(number, number, DAY, "Viewed") for number in numbers]


def test_a_full_disk_is_said_and_the_same_rows_go_when_there_is_room(lake, monkeypatch):
    publish("events", rows(1))
    position, real = queries.get_position("events", READER), writing.writing_file

    @contextmanager
    def full(*args):
        with real(*args) as writer:
            yield writer
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(writing, "writing_file", full)
    with pytest.raises(Unavailable, match="No space left"):
        publish("events", rows(2))
    assert queries.get_position("events", READER) == position
    monkeypatch.setattr(writing, "writing_file", real)
    publish("events", rows(2))
    assert sorted(find_table("events").to_pyarrow_table()["event_id"].to_pylist()) == [1, 2]


def test_a_lake_that_cannot_be_written_is_said_and_found(lake):
    lake.write_text("a file where the folder should be")
    with pytest.raises(Unavailable) as caught:
        publish("events", rows(1))
    assert caught.value.code == "lake_unavailable"
    assert "cannot be written" in queries.probe()
    lake.unlink()
    publish("events", rows(1))
    assert queries.probe() is None and queries.get_state("events").rows == 1


def test_a_broken_file_is_found_and_does_not_hold_back_new_rows(lake, monkeypatch):
    monkeypatch.setattr(rules, "FRESH", 2)
    publish("events", rows(1))
    (path,) = [lake / "events" / part.path for part in find_snapshot("events").parts]
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    publish("events", rows(2))
    assert "events" in queries.probe()
    assert [problem.code for problem in queries.check_table("events", ends={})] == ["unreadable"]
    path.write_bytes(whole)
    publish("events", rows(3))
    assert queries.probe() is None and queries.check_table("events", ends={}) == []
    assert queries.get_state("events").fresh == 0 and queries.get_state("events").rows == 3


@pytest.mark.parametrize(
    ("body", "is_clear"),
    [
        ('{"traits":{"phone":"13812346021"}}', True),
        ('{"traits": {"email": "wan@example.com"}}', True),
        ('{"properties":{"order_id":"13812346021"}}', False),
        ('{"properties":{"name":"三山"}}', False),
    ],
)
def test_personal_fields_in_clear_are_found(lake, body, is_clear):
    publish("events", [{**event(1, 1, DAY, "Viewed"), "body": body}])
    codes = [problem.code for problem in queries.check_table("events", ends={})]
    assert codes == (["personal_in_clear"] if is_clear else [])


def test_rows_twice_and_positions_beyond_the_log_are_found(lake):
    publish("events", rows(1))
    publish("events", rows(1))
    found = queries.check_table("events", ends={READER: 1})
    assert {problem.code for problem in found} == {"duplicates", "position_beyond_log"}
