"""A clock that jumps, by an hour or by ten years, forth or back: once it is right, today starts within about an hour and nothing stands still."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from django.conf import settings as django_settings
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from liebian.config import business_day
from liebian.config.business_day import LAST_DAY, Watch, accept_clock, start_day
from liebian.config.doctor import examine
from liebian.core import cursors, days
from liebian.core.errors import Conflict
from liebian.core.models import Cursor
from liebian.events import queries as events
from liebian.events.models import Event, EventKey

pytestmark = pytest.mark.django_db(databases="__all__")
NOON = datetime(2026, 6, 1, 4, tzinfo=UTC)
STEP = timedelta(minutes=20)
JUMPS = [timedelta(hours=h) for h in (1, 5, 13, 24, 25, 72, 24 * 40, 24 * 399, 24 * 401, 24 * 3650)]
STAYS = [timedelta(minutes=20), timedelta(hours=3), timedelta(days=2)]


class Machine:
    """A worker on a machine whose clock is off by `wrong`; how long it has run nobody can set."""

    def __init__(self) -> None:
        for model in (Event, EventKey, Cursor):
            model.objects.all().delete()
        self.ran, self.wrong = timedelta(), timedelta()
        self.restart()

    def restart(self) -> None:
        self.watch = Watch(lambda: self.ran.total_seconds())

    @property
    def right(self) -> datetime:
        return NOON + self.ran

    def run(self, span: timedelta) -> None:
        end = self.ran + span
        while self.ran < end:
            self.ran += STEP
            try:
                start_day(self.right + self.wrong, self.watch)
            except Conflict as refused:
                assert refused.code == "clock_jumped"


def today_of(machine: Machine) -> date:
    return days.day_of(machine.right, django_settings.TIME_ZONE)


def last_day() -> date:
    return date.fromordinal(cursors.position_of(LAST_DAY))


def started_after(event_id: int) -> list[date]:
    return [date.fromisoformat(row.properties["day"]) for row in events.list_days_after(event_id, 1_000_000)]


def expect_days_go_on(machine: Machine) -> None:
    """The clock is right from now on: today within two hours, and then each day has its row, once."""
    machine.run(timedelta(hours=2))
    assert last_day() == today_of(machine)
    end, first = events.get_log_end(), today_of(machine)
    machine.run(timedelta(days=3))
    assert started_after(end) == [first + timedelta(days=n) for n in (1, 2, 3)]


@pytest.mark.parametrize("jump", JUMPS, ids=str)
def test_a_jump_of_any_size_heals_by_itself(jump):
    for stay in STAYS:
        for sign in (1, -1):
            machine = Machine()
            machine.run(timedelta(days=1))
            machine.wrong = sign * jump
            machine.run(stay)
            machine.wrong = timedelta()
            expect_days_go_on(machine)


LEGS = st.tuples(st.integers(-24 * 3650, 24 * 3650) | st.integers(-60, 60), st.integers(1, 60), st.booleans())


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(LEGS, min_size=1, max_size=4))
def test_so_do_several_with_workers_that_start_anew(db, legs):
    machine = Machine()
    machine.run(timedelta(hours=20))
    for hours, steps, is_restarted in legs:
        if is_restarted:
            machine.restart()
        machine.wrong = timedelta(hours=hours)
        machine.run(steps * STEP)
    machine.wrong = timedelta()
    expect_days_go_on(machine)


@pytest.mark.parametrize("jump", [timedelta(hours=30), timedelta(days=30), timedelta(days=399)])
def test_a_running_worker_starts_no_day_that_the_clock_names_for_less_than_an_hour(jump):
    machine = Machine()
    machine.run(timedelta(hours=2))
    machine.wrong = jump
    machine.run(timedelta(minutes=40))
    assert started_after(0) == [today_of(machine)]
    machine.wrong = timedelta()
    machine.run(STEP)
    assert started_after(0) == [today_of(machine)]


def test_an_installation_that_was_off_for_a_month_goes_on_at_once():
    machine = Machine()
    machine.run(timedelta(hours=2))
    machine.ran += timedelta(days=30)
    machine.restart()
    machine.run(STEP)
    assert last_day() == today_of(machine)


def test_a_clock_that_is_right_can_be_accepted_at_once_after_it_was_ahead():
    start_day(NOON + timedelta(days=90))
    assert [f.ok for f in examine(NOON) if f.name == "clock"] == [False]
    assert "accept-clock" in next(f.words for f in examine(NOON) if f.name == "clock")
    assert accept_clock(NOON) == 1 and accept_clock(NOON) == 0
    assert [f.ok for f in examine(NOON) if f.name == "clock"] == [True]
    assert start_day(NOON + timedelta(days=1)) == 1


def test_two_machines_whose_clocks_differ_start_no_day(monkeypatch):
    monkeypatch.setattr(business_day, "difference_of_clocks", lambda: timedelta(days=-3))
    with pytest.raises(Conflict) as refused:
        start_day(NOON)
    assert refused.value.code == "clocks_differ"
    monkeypatch.setattr("liebian.config.doctor.difference_of_clocks", lambda: timedelta(days=-3))
    (clock,) = [finding for finding in examine(NOON) if finding.name == "clock"]
    assert not clock.ok and "-72 hours" in clock.words


def test_rows_of_a_clock_that_was_ahead_do_not_keep_the_log_in_the_database():
    start_day(NOON)
    accept_clock(NOON + timedelta(days=300))
    for n in range(3):
        accept_clock(NOON + timedelta(days=n))
    later = NOON + timedelta(days=40)
    accept_clock(later)
    border = later - timedelta(days=30)
    found = events.find_retirable(received_before=border, now=later, upto=1_000_000, limit=100)
    assert len(started_after(0)) - len(started_after(found)) == 5
