"""Units: what fails is tried again, a poisoned event is set aside, money stops, and a database that is away is waited for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import OperationalError

from liebian.access.tests.factories import make_user
from liebian.core import cursors
from liebian.customers.identity.claims import Claims
from liebian.customers.models import CustomerEvent
from liebian.customers.tests.factories import track
from liebian.events.models import Event
from liebian.events.services import record_events
from liebian.orders.models import Order
from liebian.pipeline import queries, services
from liebian.pipeline.models import ReplayCheck, SetAside, UnitState
from liebian.pipeline.rules import MAX_ASIDE, STOP_AFTER
from liebian.pipeline.types import Unit

pytestmark = pytest.mark.django_db(databases="__all__")
START = datetime(2026, 6, 1, 4, tzinfo=UTC)


def record(count: int) -> list[int]:
    """Their ids in the log."""
    messages = [
        {
            **track("u1", "Order Completed", order_id=f"o{n}", total=10),
            "messageId": f"m{n}",
            "timestamp": START.isoformat(),
        }
        for n in range(count)
    ]
    record_events(messages, source="shop", received_at=START)
    return list(Event.objects.order_by("id").values_list("id", flat=True))


def work(units=None, *, rounds: int = 60) -> None:
    """Walk as the worker does, a minute apart, so that every pause is over."""
    for number in range(rounds):
        services.walk(units or services.UNITS, now=START + timedelta(minutes=number))


@pytest.fixture
def poison(monkeypatch):
    """Makes the identity stage fail on the events of these ids."""
    bad: set[int] = set()
    carried = Claims.carried

    def fails(self, row):
        if row.id in bad:
            raise ValueError("cannot read 13800138000")
        return carried(self, row)

    monkeypatch.setattr(Claims, "carried", fails)
    return bad


def fake(run, *, passes: bool = False) -> Unit:
    return Unit("fake", "fake", run, 8, next_event=(lambda: cursors.position_of("fake") + 1) if passes else None)


def test_one_bad_event_is_set_aside_and_all_others_go_on(poison):
    bad = record(30)[16]
    poison.add(bad)
    work()
    assert list(SetAside.objects.values_list("unit", "event_id")) == [("identity", bad)]
    assert CustomerEvent.objects.count() == Order.objects.count() == 29
    assert "13800138000" not in SetAside.objects.get().error
    assert {unit.behind for unit in queries.list_units(services.UNITS, now=START)} == {0}


def test_an_event_set_aside_is_taken_when_the_reason_is_gone(poison):
    poison.add(record(5)[2])
    work()
    actor = make_user("administrator").pk
    aside = queries.list_set_aside()[0].id
    from liebian.core.errors import Conflict

    with pytest.raises(Conflict):
        services.take_aside_again(aside_id=aside, actor_id=actor, now=START)
    poison.clear()
    services.take_aside_again(aside_id=aside, actor_id=actor, now=START)
    assert Order.objects.count() == 5
    assert queries.list_set_aside() == []


def test_too_many_bad_events_in_a_row_stop_the_stage_instead_of_emptying_the_log(poison):
    poison.update(record(MAX_ASIDE + 10))
    for second in range(0, 600, 4):
        services.walk(services.UNITS, now=START + timedelta(seconds=second))
    assert SetAside.objects.count() == MAX_ASIDE
    assert UnitState.objects.get(name="identity").is_stopped


def test_a_unit_without_events_to_pass_over_stops_until_somebody_resumes_it():
    calls = []

    def run(limit):
        calls.append(limit)
        raise ValueError("sums differ")

    unit = fake(run)
    work([unit])
    assert len(calls) == STOP_AFTER
    assert queries.list_units([unit], now=START)[0].state == "stopped"
    UnitState.objects.filter(name="fake").update(is_stopped=False, failures=0, retry_at=None)
    services.walk([unit], now=START + timedelta(days=1))
    assert len(calls) == STOP_AFTER + 1


@pytest.mark.parametrize("error", [OperationalError("database is locked"), OSError(28, "No space left on device")])
def test_what_comes_back_by_itself_is_waited_for_and_never_set_aside(error):
    state = {"away": True, "runs": 0}

    def run(limit):
        state["runs"] += 1
        if state["away"]:
            raise error
        return 0

    unit = fake(run, passes=True)
    work([unit], rounds=20)
    assert SetAside.objects.count() == 0
    assert queries.list_units([unit], now=START)[0].state == "failing"
    state["away"] = False
    services.walk([unit], now=START + timedelta(days=1))
    view = queries.list_units([unit], now=START)[0]
    assert (view.state, view.error, view.past_error) == ("waiting", "", services.shown_error(error))
    assert view.failed_at == START + timedelta(minutes=19), "when it failed last is kept, too"


def test_a_paused_stage_takes_nothing_and_goes_on_where_it_stood():
    actor = make_user("administrator").pk
    services.pause_unit(name="orders", actor_id=actor, now=START)
    record(4)
    work(rounds=3)
    assert Order.objects.count() == 0
    states = {unit.name.partition(".")[0]: unit.state for unit in queries.list_units(services.UNITS, now=START)}
    assert states == {"identity": "waiting", "orders": "paused", "referrals": "running", "segments": "running"}
    services.resume_unit(name="orders", actor_id=actor, now=START)
    work(rounds=3)
    assert Order.objects.count() == 4


def test_failures_wait_longer_each_time():
    calls = []

    def run(limit):
        calls.append(limit)
        raise ValueError

    unit = fake(run)
    for second in range(8):
        services.walk([unit], now=START + timedelta(seconds=second))
    assert len(calls) == 4  # at 0, 1, 3 and 7 seconds


def test_a_check_by_replay_is_run_once_and_keeps_its_result():
    actor = make_user("administrator").pk
    first = services.ask_replay_check(actor_id=actor, now=START)
    assert services.ask_replay_check(actor_id=actor, now=START) == first
    part = {"name": "orders", "rows": 3, "equal": False, "first_difference": "was 1, is 2"}
    assert services.run_replay_check(lambda: [part], clock=lambda: START) == 1
    assert services.run_replay_check(lambda: [part], clock=lambda: START) == 0
    check = queries.find_replay_check()
    assert check is not None and (check.state, check.parts[0].rows) == ("different", 3)
    assert ReplayCheck.objects.count() == 1


def test_shards_are_units_of_their_own(monkeypatch, settings):
    from liebian.pipeline.services import units

    monkeypatch.setattr(units.connection, "vendor", "postgresql")
    settings.SHARDS = 4
    ran = []
    made = units.shards_of(
        "segments", "segments", lambda limit, shard, shards: ran.append((shard, shards)) or 0, 10, after="identity"
    )
    for unit in made:
        unit.run(10)
    assert ran == [(0, 4), (1, 4), (2, 4), (3, 4)]
    assert len({unit.cursor for unit in made}) == 4


@pytest.fixture
def lake(tmp_path, settings):
    settings.LAKE_URL = str(tmp_path / "lake")
    return tmp_path / "lake"


def publishing():
    return queries.list_units([services.PUBLISHING], now=START)[0]


def test_publishing_to_the_lake_is_seen_paused_and_resumed(lake):
    actor = make_user("administrator").pk
    services.pause_unit(name="lake", actor_id=actor, now=START)
    end = record(4)[-1]
    work(rounds=3)
    work([services.PUBLISHING], rounds=2)
    assert (publishing().state, publishing().position) == ("paused", 0)
    assert publishing().behind >= 4
    assert not lake.exists()
    services.resume_unit(name="lake", actor_id=actor, now=START)
    work([services.PUBLISHING], rounds=2)
    assert (publishing().state, publishing().position, publishing().behind) == ("waiting", end, 0)


def test_publishing_waits_for_a_lake_that_is_away_however_long_it_takes(lake):
    record(2)
    work(rounds=3)
    lake.write_text("a file where the folder should be")
    work([services.PUBLISHING], rounds=STOP_AFTER * 2)
    assert publishing().state == "failing" and publishing().error
    lake.unlink()
    work([services.PUBLISHING], rounds=2)
    services.walk([services.PUBLISHING], now=START + timedelta(days=1))
    assert (publishing().state, publishing().behind, publishing().error) == (
        "waiting",
        0,
        "",
    ) and publishing().past_error


def test_a_unit_that_failed_while_the_clock_was_ahead_does_not_rest_until_then():
    runs = []

    def run(limit):
        runs.append(limit)
        if len(runs) == 1:
            raise OperationalError("database is locked")
        return 0

    unit = fake(run)
    services.walk([unit], now=START + timedelta(days=300))
    services.walk([unit], now=START)  # the clock is right again
    assert len(runs) == 2
    assert queries.list_units([unit], now=START)[0].error == ""
