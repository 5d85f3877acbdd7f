"""Sealed fields open only where they belong; a log is read once, however many read it."""

import threading

import pytest
from cryptography.exceptions import InvalidTag
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from liebian.core import crypto, cursors
from liebian.core.bulk import write_rows
from liebian.core.models import Cursor


@given(st.recursive(st.none() | st.booleans() | st.text(max_size=20), lambda inner: st.lists(inner, max_size=3)))
def test_what_is_sealed_opens_again_and_never_reads_the_same_twice(value):
    one, two = crypto.seal(value, context="a"), crypto.seal(value, context="a")
    assert crypto.unseal(one, context="a") == value
    assert one != two


def test_a_sealed_value_moved_to_another_field_does_not_open():
    with pytest.raises(InvalidTag):
        crypto.unseal(crypto.seal("林晚秋", context="customer.name"), context="customer.address")


def test_the_index_tells_kinds_apart_and_gives_nothing_away():
    assert crypto.index_of("phone", "+8613800138000") != crypto.index_of("email", "+8613800138000")
    assert b"138" not in crypto.index_of("phone", "+8613800138000")


@pytest.mark.django_db(transaction=True)
def test_readers_that_start_together_share_the_log_without_overlap():
    taken: list[int] = []

    def read() -> None:
        try:
            for _ in range(25):
                with cursors.reading("log") as reading:
                    taken.append(reading.start)
                    reading.position = reading.start + 1
        finally:
            connection.close()

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == list(range(100))
    assert cursors.position_of("log") == 100


@pytest.mark.django_db(transaction=True)
def test_a_reading_that_fails_does_not_move():
    with pytest.raises(RuntimeError), cursors.reading("log") as reading:
        reading.position = 5
        raise RuntimeError
    assert cursors.position_of("log") == 0


@pytest.mark.django_db
def test_rows_are_written_changed_and_left_alone():
    assert write_rows([]) == 0
    write_rows([Cursor(name="a", position=1), Cursor(name="b", position=2)])
    write_rows([Cursor(name="a", position=9)], update=["position"])
    write_rows([Cursor(name="b", position=9)], ignore=True)
    assert dict(Cursor.objects.values_list("name", "position")) == {"a": 9, "b": 2}
