"""The worker as processes: a lane that dies is started again, all end when asked, and none outlives the one that started it;
and the clock that starts the days."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta

import pytest
from django.db import OperationalError, connection

from liebian.config import business_day
from liebian.config.doctor import examine
from liebian.config.worker import lanes_of, supervise
from liebian.core.errors import Conflict
from liebian.events.models import Event
from liebian.pipeline.models import UnitState

NOON = datetime(2026, 6, 1, 4, tzinfo=UTC)


def wait_for(condition, seconds: float = 20.0):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := condition():
            return found
        threading.Event().wait(0.02)
    raise AssertionError("it did not happen in time")


def is_gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
        with open(f"/proc/{pid}/stat") as status:
            return status.read().rpartition(")")[2].split()[0] == "Z"
    except (ProcessLookupError, FileNotFoundError):
        return True


def test_a_lane_that_dies_is_started_again_and_all_end_when_asked(tmp_path):
    book = tmp_path / "starts"
    code = f"import os, time; open({str(book)!r}, 'a').write(f'{{os.getpid()}}\\n'); time.sleep(600)"
    stop = threading.Event()
    keeper = threading.Thread(target=supervise, args=([[sys.executable, "-c", code]], stop))
    keeper.start()

    def started() -> list[int]:
        return [int(line) for line in book.read_text().split()] if book.exists() else []

    first = wait_for(started)[0]
    os.kill(first, signal.SIGKILL)
    again = wait_for(lambda: started()[1:])[0]
    stop.set()
    keeper.join(timeout=20)
    assert not keeper.is_alive()
    assert is_gone(first) and is_gone(again)


def test_lanes_end_when_the_worker_is_killed_outright(tmp_path):
    setup = "import os, sys, threading, django; os.environ['DJANGO_SETTINGS_MODULE'] = 'liebian.config.settings'; django.setup(); from liebian.config.starting import watch_parent; from liebian.config.worker import supervise; "
    lane = setup + "print(os.getpid(), flush=True); stop = threading.Event(); watch_parent(stop.set); stop.wait(600)"
    worker = setup + f"supervise([[sys.executable, '-c', {lane!r}]], threading.Event())"
    environment = {**os.environ, "LIEBIAN_HOME": str(tmp_path), "PYTHONPATH": os.pathsep.join(sys.path)}
    process = subprocess.Popen([sys.executable, "-c", worker], env=environment, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    child = int(process.stdout.readline())
    process.kill()
    process.wait()
    assert wait_for(lambda: is_gone(child))
    process.stdout.close()


@pytest.mark.django_db
def test_sqlite_has_one_lane_for_its_one_writer():
    from django.db import connection

    assert lanes_of(3).count("stages") == (3 if connection.vendor == "postgresql" else 1)
    assert lanes_of(3).count("background") == lanes_of(3).count("lake") == 1


@pytest.mark.django_db(databases="__all__")
def test_a_clock_that_went_back_starts_no_day_twice():
    assert business_day.start_day(NOON) == 1
    assert [
        business_day.start_day(NOON + step) for step in (timedelta(hours=1), -timedelta(days=3), timedelta(days=1))
    ] == [
        0,
        0,
        1,
    ]
    assert Event.objects.filter(type="day").count() == 2


@pytest.mark.django_db(databases="__all__")
def test_a_clock_that_jumped_ahead_by_years_is_refused_until_somebody_says_that_it_is_right():
    business_day.start_day(NOON)
    later = NOON + timedelta(days=2000)
    with pytest.raises(Conflict) as refused:
        business_day.start_day(later)
    assert refused.value.code == "clock_jumped"
    assert Event.objects.filter(type="day").count() == 1
    assert [finding.ok for finding in examine(later) if finding.name == "clock"] == [False]
    assert business_day.accept_clock(later) == 1
    assert business_day.start_day(later + timedelta(days=1)) == 1


def wrong_with_the_clock(now: datetime) -> list[str]:
    return [finding.words for finding in examine(now) if finding.name == "clock" and not finding.ok]


@pytest.mark.django_db(databases="__all__")
def test_a_clock_that_jumps_forth_and_back_is_said_and_needs_no_hand():
    business_day.start_day(NOON)
    assert wrong_with_the_clock(NOON) == []
    with pytest.raises(Conflict):
        business_day.start_day(NOON + timedelta(days=4000))
    assert "jumped ahead" in wrong_with_the_clock(NOON + timedelta(days=4000))[0]
    assert business_day.start_day(NOON - timedelta(days=30)) == 0
    assert "went back" in wrong_with_the_clock(NOON - timedelta(days=30))[0]
    assert business_day.start_day(NOON + timedelta(days=1)) == 1
    assert wrong_with_the_clock(NOON + timedelta(days=1)) == []


@pytest.mark.django_db(databases="__all__", transaction=True)
def test_the_doctor_writes_to_see_whether_writing_works(monkeypatch):
    databases = {f.name: f for f in examine(NOON) if f.name.startswith("database")}
    assert databases and all(finding.ok for finding in databases.values())

    def refuse(*_args, **_more):
        raise OperationalError("database or disk is full")

    monkeypatch.setattr("liebian.config.doctor.transaction.atomic", refuse)
    databases = {f.name: f for f in examine(NOON) if f.name.startswith("database")}
    assert not any(finding.ok for finding in databases.values())
    assert all("disk is full" in finding.words for finding in databases.values())


@pytest.mark.django_db(databases="__all__", transaction=True)
def test_the_doctor_says_when_postgresql_does_not_keep_its_tables_in_order(monkeypatch):
    if connection.vendor != "postgresql":
        pytest.skip("SQLite needs no upkeep")

    def found():
        return next(f for f in examine(NOON) if f.name == "upkeep")

    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE core_cursor SET (autovacuum_enabled = false)")
    assert found().ok and "autovacuum of core_cursor" in found().words
    monkeypatch.setattr("liebian.config.doctor.DEAD_LIMIT", -1)
    assert not found().ok and "needed now" in found().words
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE core_cursor RESET (autovacuum_enabled)")
    assert "core_cursor" not in found().words.partition(";")[0]


@pytest.mark.parametrize(
    ("values", "ok", "words"),
    [
        ({"failures": 3, "last_error": "Unavailable: no lake"}, False, "failing: Unavailable: no lake"), ({"is_paused": True}, True, "paused"),
        ({"last_error": "Unavailable: no lake"}, True, "up to date"),
    ],
)  # fmt: skip
@pytest.mark.django_db(databases="__all__")
def test_the_doctor_says_how_publishing_to_the_lake_stands(values, ok, words):
    UnitState.objects.create(name="lake", **values)
    found = next(finding for finding in examine(NOON) if finding.name == "stage lake")
    assert found.ok is ok and words in found.words and ("no lake" in found.words) is not ok
