"""A replay of this stage alone: whatever became of its rows, afterwards they are what the log says, and what was right stays."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from liebian.access.models import AuditEntry
from liebian.config.jobs import publish_lake, retire_log, run_stages
from liebian.core import cursors
from liebian.customers.tests.factories import NOW, identify, play, track
from liebian.events.models import Event
from liebian.segments import queries, services
from liebian.segments.models import DueOrder, Membership, Past, Progress, State
from liebian.segments.replay import steps
from liebian.segments.stage import states
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

pytestmark = pytest.mark.django_db(databases="__all__")
OFTEN = settings(max_examples=2, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


AT = moment(START, 12)
EVERYTHING: list[dict[str, Any]] = [
    {"messageId": "e0", "type": "page", "name": "Home", "anonymousId": "a1", "timestamp": AT.isoformat()},
    {"messageId": "e1", **identify("u1", city="杭州"), "anonymousId": "a1", "timestamp": AT.isoformat()},
    {"messageId": "e2", **identify("u2", city="苏州"), "timestamp": AT.isoformat()},
    *(
        {"messageId": f"e{n + 3}", **track(f"u{n % 3}", "Order Completed", order_id=f"e{n}", total=10 + n, currency="CNY", channel="mini"),
         "timestamp": (AT + timedelta(days=n % 4)).isoformat()}
        for n in range(6)
    ),
]  # fmt: skip


def facts() -> dict[int, bytes]:
    return {
        key: kept.facts for key, kept in states.read(State.objects.values_list("pk", flat=True)).items() if kept.facts
    }


def due() -> set[tuple[object, ...]]:
    return set(DueOrder.objects.values_list("order_id", "seen_id", "day"))


def intervals() -> list[tuple[object, ...]]:
    return list(Membership.objects.order_by("pk").values_list())


def replay(*, shards: int = 1) -> None:
    services.ask_replay()
    while services.replay_share():
        pass
    drain(shards=shards)


def spoil(how: str) -> None:
    """What a mistake of ours, a restored table or a hand in the database might leave."""
    some = list(State.objects.order_by("pk").values_list("pk", flat=True))[::2]
    match how:
        case "lost":
            State.objects.filter(pk__in=some).delete()
        case "emptied":
            State.objects.filter(pk__in=some).update(facts=b"", bits=b"")
        case "twice":
            for row in State.objects.filter(pk__in=some):
                Past.objects.update_or_create(pk=row.pk, defaults={"facts": row.facts})
        case "mixed":
            for row, other in zip(State.objects.filter(pk__in=some), State.objects.order_by("-pk"), strict=False):
                State.objects.filter(pk=row.pk).update(facts=other.facts, bits=b"\xff")
        case "not due":
            DueOrder.objects.all().delete()


@pytest.mark.parametrize("how", ["nothing", "lost", "emptied", "twice", "mixed", "not due"])
@OFTEN
@given(histories(), st.sampled_from([1, 3]), st.integers(1, 4))
def test_it_gives_what_the_log_says_whatever_was_spoilt(db, how, history, shards, people_of_a_share):
    ids = begin()
    arrive(START, EVERYTHING, ahead=4)
    for day, arriving in history:
        arrive(day, arriving, ahead=4)
    drain(shards=shards)
    told, waiting, before = facts(), due(), intervals()
    spoil(how)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(steps, "PEOPLE_OF_A_SHARE", people_of_a_share)
        replay(shards=shards)
    assert (facts(), due()) == (told, waiting)
    assert live_members() == expected_members(ids, history[-1][0])
    assert intervals() == before, "who was rightly in a segment never left it"


def test_memberships_that_were_decided_from_wrong_facts_are_decided_again():
    ids = begin()
    arrive(START, EVERYTHING, ahead=4)
    drain()
    told, right = facts(), live_members()
    assert right[ids["bought lately"]]
    State.objects.update(facts=b"")
    Past.objects.all().delete()
    services.save_segment(name="any other", rule=RULES["spent"], now=moment(START, 14))  # everybody is evaluated
    drain()
    assert ids["bought lately"] not in live_members()
    replay()
    assert facts() == told
    assert {key: found for key, found in live_members().items() if key in right} == right


def test_events_that_have_left_for_the_lake_count_and_what_comes_later_goes_on(settings, tmp_path):
    settings.LAKE_URL, settings.LOG_DAYS = str(tmp_path / "lake"), 0
    begin()
    messages = [{"type": "page", "name": "Home", "anonymousId": f"a{n % 3}"} for n in range(9)]
    messages += [{**identify(f"u{n}", city="杭州"), "anonymousId": f"a{n}"} for n in range(3)]
    messages += [track(f"u{n % 3}", "Order Completed", order_id=f"o{n}", total=10, currency="CNY") for n in range(6)]
    play(messages)
    cursors.drain(lambda: run_stages(NOW))
    cursors.drain(lambda: publish_lake(NOW))
    cursors.drain(lambda: run_stages(NOW))
    told, before, count = facts(), live_members(), Event.objects.count()
    while retire_log(NOW + timedelta(days=1)):
        pass
    assert Event.objects.count() < count
    State.objects.update(facts=b"", bits=b"")
    replay()
    assert (facts(), live_members()) == (told, before)
    play([track("u1", "Order Refunded", order_id="o1", refund_id="r1", currency="CNY")])
    cursors.drain(lambda: run_stages(NOW))
    State.objects.update(facts=b"")
    after = live_members()
    replay()
    assert live_members() == after != {}


def test_it_goes_on_where_it_was_and_says_what_was_wrong(monkeypatch):
    monkeypatch.setattr(steps, "PEOPLE_OF_A_SHARE", 1)
    begin()
    play([track(f"u{n}", "Order Completed", order_id=f"o{n}", total=10, currency="CNY") for n in range(4)])
    drain()
    assert (services.replay_share(), queries.find_replay()) == (0, None)
    State.objects.update(facts=b"")
    services.ask_replay()
    assert queries.find_replay() == (0, 4)
    services.replay_share()
    services.ask_replay()
    assert queries.find_replay() == (1, 4), "asking twice begins nothing anew"
    while services.replay_share():
        pass
    assert queries.find_replay() is None
    noted = AuditEntry.objects.filter(action="segments.put_right")
    assert sum(entry.details["people"] for entry in noted) == 4


def test_nothing_is_put_right_from_a_log_that_moved_meanwhile(monkeypatch):
    begin()
    play([track("u1", "Order Completed", order_id="o1", total=10, currency="CNY")])
    drain()
    told = facts()
    services.ask_replay()
    border = iter([0, 1, 1, 1, 1])
    monkeypatch.setattr("liebian.events.queries.get_retired_upto", lambda: next(border))
    assert services.replay_share() == 1
    assert queries.find_replay() == (0, 1) and facts() == told


def test_a_stage_that_has_read_nothing_has_nothing_to_replay():
    services.ask_replay()
    assert services.replay_share() == 1
    assert queries.find_replay() is None and not Progress.objects.exists()
