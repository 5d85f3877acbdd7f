"""The demo shop is the same for the same seed; the worker stops when asked; addresses answer."""

import gc
import random
import threading
from datetime import date

import pytest

from liebian.config import worker
from liebian.config.demo.history import Diary, write_lives
from liebian.config.demo.people import Crowd
from liebian.config.demo.shop import season
from liebian.config.jobs import ALL, Job
from liebian.config.worker import LANES, run_lane

FIRST, LAST = date(2025, 6, 1), date(2026, 6, 12)


def story(seed: int) -> list[tuple[object, ...]]:
    crowd = Crowd(seed, FIRST, LAST)
    diary = Diary(crowd.chance, "Asia/Shanghai")
    write_lives(diary, crowd.crowd(60), LAST)
    days = sorted(diary.days.items())
    return [(m["timestamp"], m["type"], m.get("event"), m.get("userId")) for _, messages in days for m in messages]


def test_the_same_seed_gives_the_same_shop():
    assert story(1) == story(1)
    assert story(1) != story(2)


def test_nothing_happens_before_the_first_or_after_the_last_day():
    days = {at.date() for at, *_ in story(3)}
    assert min(days) >= FIRST
    assert max(days) <= LAST


@pytest.mark.parametrize("peak", [date(2025, 11, 11), date(2025, 6, 18), date(2026, 2, 10), date(2025, 9, 30)])
def test_people_buy_more_when_tea_is_given_away(peak):
    assert season(peak) > 1.3 > season(date(2026, 7, 15))


def test_jobs_have_names_of_their_own_and_say_what_they_do():
    assert len({job.name for job in ALL}) == len(ALL)
    assert all(job.help.endswith(".") for job in ALL)


@pytest.mark.parametrize("lane", LANES)
@pytest.mark.django_db(databases="__all__", transaction=True)
def test_a_lane_stops_when_it_is_asked_to(lane):
    stop = threading.Event()
    thread = threading.Thread(target=run_lane, args=(lane, stop))
    thread.start()
    stop.set()
    thread.join(timeout=30)
    assert not thread.is_alive()


@pytest.mark.django_db(databases="__all__")
def test_the_health_address_answers_everybody(client):
    assert client.get("/healthz").json() == {"ok": True}


def test_a_diary_gives_each_message_once():
    diary = Diary(random.Random(1), "Asia/Shanghai")
    at = diary.moment(FIRST)
    diary.add(at, {"type": "page"})
    assert len(diary.take(FIRST, at)) == 1
    assert diary.take(FIRST, at) == []


@pytest.fixture
def garbage():
    before = gc.get_threshold()
    yield gc
    gc.unfreeze()
    gc.set_threshold(*before)


@pytest.mark.django_db(databases="__all__", transaction=True)
def test_a_warm_lane_looks_for_garbage_only_in_what_is_new(monkeypatch, garbage):
    stop, rounds = threading.Event(), []

    def work(now):
        rounds.append(garbage.get_freeze_count())
        if len(rounds) == 4:
            stop.set()
        return 1

    monkeypatch.setattr(worker, "WARM_AFTER", 2)
    monkeypatch.setitem(worker.LANES, "background", [Job("work", 0, work, "Works.")])
    run_lane("background", stop)
    assert rounds[:2] == [0, 0] and min(rounds[2:]) > 0
