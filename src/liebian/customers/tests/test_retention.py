"""Events that left the database for the lake: nobody who reads a page notices."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from liebian.config.cli.lake import verify
from liebian.config.doctor import examine
from liebian.config.jobs import publish_lake, retire_log, run_stages
from liebian.core import cursors
from liebian.core.crypto import index_of
from liebian.core.errors import Unavailable
from liebian.customers import queries
from liebian.customers.models import Customer, CustomerEvent
from liebian.customers.queries.timeline import KINDS
from liebian.customers.tests.factories import NOW, client_of, identify, play, track
from liebian.events import queries as events
from liebian.events import services as event_log
from liebian.events.inbox.live import list_corrections
from liebian.events.models import Event, EventKey
from liebian.events.services import record_day, record_events
from liebian.lake import queries as lake
from liebian.lake.tables import find_table

pytestmark = pytest.mark.django_db(databases="__all__")


@pytest.fixture
def shop(settings, tmp_path):
    """People with orders, a merge, a day that is nobody's, all published."""
    settings.LAKE_URL, settings.LOG_DAYS = str(tmp_path / "lake"), 0
    messages = [{"type": "page", "name": f"Page {n}", "anonymousId": "a1"} for n in range(5)]
    messages += [
        identify("u1", name="林晚秋", phone="13812346021", city="杭州"),
        {**track("u1", "Looked"), "anonymousId": "a1"},
    ]
    for n in range(12):
        order = {"order_id": f"o{n}", "total": 10 + n, "currency": "CNY", "products": [{"name": "三山", "price": 9}]}
        messages.append(track(f"u{n % 3}", "Order Completed", **order))
        messages.append(track(f"u{n % 3}", "Reward Issued", amount_minor=n))
        messages.append({**identify(f"u{n % 3}", city=f"C{n}"), "timestamp": (NOW - timedelta(days=9 + n)).isoformat()})
    play(messages)
    record_day(day=(NOW + timedelta(days=1)).date(), now=NOW)
    work()


def work():
    cursors.drain(lambda: run_stages(NOW))
    cursors.drain(lambda: publish_lake(NOW))


def look():
    """Every page of every timeline, and what else is told with its event."""
    seen = {}
    for person in Customer.objects.filter(merged_into__isnull=True).order_by("id"):
        for kind in KINDS:
            before, pages = "", []
            while before is not None:
                page = queries.list_timeline(customer_id=person.pk, kind=kind, before=before, limit=4)
                pages.append(page)
                before = page.earlier
            seen[person.pk, kind] = pages
        seen[person.pk] = queries.list_facts(person.pk), queries.list_identifiers(person.pk)
    return seen


def test_timelines_are_equal_page_by_page_when_the_log_has_left(shop, monkeypatch):
    before, end = look(), events.get_log_end()
    assert sum(len(pages) for pages in before.values()) > 30
    monkeypatch.setattr("liebian.config.jobs.RETIRED_AT_ONCE", 10)
    borders = []
    while retire_log(NOW + timedelta(days=1)):
        borders.append(events.get_retired_upto())
        assert look() == before, "also while the border lies within a page"
    assert len(borders) > 3 and borders == sorted(set(borders))
    assert Event.objects.count() == 1 and CustomerEvent.objects.count() <= 1
    assert events.get_log_end() == end


def test_what_left_is_refused_as_a_repeat_and_new_events_join_the_old(shop):
    retire_log(NOW + timedelta(days=1))
    keys = EventKey.objects.count()
    person = Customer.objects.get(user_id="u1").pk
    old = queries.list_timeline(customer_id=person, limit=100).items
    again = {"type": "page", "name": "Page 0", "anonymousId": "a1", "messageId": "m0", "timestamp": old[-1].event.at}
    first = next(item.event for item in old if item.event.name == "Page 0")
    assert record_events([{**again, "timestamp": first.at}], source="shop", received_at=NOW).accepted == 0
    record_events([{**track("u1", "Came Back"), "messageId": "n", "timestamp": NOW}], source="shop", received_at=NOW)
    work()
    assert EventKey.objects.count() == keys + 1
    assert [item.event.name for item in queries.list_timeline(customer_id=person, limit=100).items] == [
        "Came Back",
        *(item.event.name for item in old),
    ]


def test_nothing_leaves_that_a_stage_has_not_read_or_the_lake_does_not_hold(shop):
    held = lake.get_position("events", "customers")
    play([{**track("u1", "Later"), "messageId": f"later{n}"} for n in range(3)])
    n_held = Event.objects.filter(id__lte=held).count()
    assert retire_log(NOW + timedelta(days=1)) == n_held
    assert not Event.objects.filter(id__lte=held).exists()
    assert events.get_retired_upto() == held


def test_a_corrected_event_is_still_a_corrected_one_when_its_row_has_left(shop):
    event = Event.objects.filter(name="Looked").get()
    corrections = [{"code": "cast", "field": "total", "args": {"from": "string", "to": "number"}}]
    Event.objects.filter(name="Page 1").update(corrections=None)
    assert list_corrections(event.pk) == []
    again = {**track("u1", "Paid", total="3"), "messageId": "c", "timestamp": NOW, "context": {}}
    record_events([again, {**track("u1", "Newest"), "messageId": "d"}], source="shop", received_at=NOW)
    corrected = Event.objects.get(name="Paid")
    Event.objects.filter(pk=corrected.pk).update(corrections=corrections)
    work()
    retire_log(NOW + timedelta(days=1))
    assert not Event.objects.filter(pk=corrected.pk).exists()
    assert (list_corrections(corrected.pk), list_corrections(event.pk)) == (corrections, [])
    page = client_of("viewer").get(f"/sources/live/events/{corrected.pk}", headers={"accept-language": "en"})
    assert "total was text and was made number" in page.content.decode()


def test_young_events_stay(shop, settings):
    settings.LOG_DAYS = 30
    assert retire_log(NOW + timedelta(days=29)) == 0
    assert retire_log(NOW + timedelta(days=31)) > 0


def test_the_lake_gives_back_each_row_of_the_log_as_it_was(shop):
    columns = [field.name for field in Event._meta.concrete_fields if field.name != "id"]
    before = {row["id"]: row for row in Event.objects.values("id", *columns)}
    retire_log(NOW + timedelta(days=1))
    given = {row["id"]: row for rows, _ in events.stream_retired() for row in rows}
    assert len(given) == len(before) - 1
    for number, row in given.items():
        assert {name: bytes(v) if isinstance(v, memoryview) else v for name, v in before[number].items()} == row


def test_personal_fields_are_in_the_lake_only_sealed(shop):
    table = find_table("events").to_pyarrow_table()
    assert not any("13812346021" in body or "林晚秋" in body for body in table["body"].to_pylist())
    assert any(table["personal_sealed"].to_pylist())
    assert lake.check_table("events", ends={"customers": events.get_log_end()}) == []
    nobody = table.filter(table["customer_id"].is_null())
    assert set(nobody["name"].to_pylist()) == {"Day Started"}


def test_day_facts_are_the_sums_of_events_and_orders(shop):
    facts = find_table("day_facts").to_pyarrow_table().to_pylist()
    named = CustomerEvent.objects.filter(name="Order Completed").count()
    assert sum(f["count"] for f in facts if f["kind"] == "event" and f["name"] == "Order Completed") == named == 12
    assert sum(f["amount_minor"] for f in facts if f["kind"] == "order") == sum(1000 + 100 * n for n in range(12))


PERSONAL_IDS = ("13812346021", "lin@example.com", "wx_138-1234-6022")


@pytest.fixture
def shop_that_calls_people_by_their_numbers(settings, tmp_path):
    settings.LAKE_URL, settings.LOG_DAYS = str(tmp_path / "lake"), 0
    messages = [
        {"type": "page", "name": "Seen", "anonymousId": "wx_138-1234-6022"},
        identify("13812346021", name="林晚秋", city="杭州"),
        {"type": "alias", "userId": "13812346021", "previousId": "wx_138-1234-6022"},
        {**identify("u2", city="苏州"), "traits": {"referred_by": "13812346021"}},
        track("13812346021", "Order Completed", order_id="o1", total=10, currency="CNY"),
        track("lin@example.com", "Looked"),
        track("u2", "Shared", referred_by="13812346021", list=[{"previous_id": "lin@example.com"}]),
    ]
    play(messages)
    record_day(day=(NOW + timedelta(days=1)).date(), now=NOW)
    work()


def test_ids_that_name_somebody_are_hidden_in_the_lake_equal_for_equal(shop_that_calls_people_by_their_numbers):
    rows = sorted(find_table("events").to_pyarrow_table().to_pylist(), key=lambda row: row["event_id"])
    plain = str([(row["user_id"], row["anonymous_id"], row["body"]) for row in rows])
    assert not [said for said in PERSONAL_IDS if said in plain]
    by_id = {row["event_id"]: row["user_id"] for row in rows if row["type"] in {"identify", "alias", "track"}}
    hidden = [mark for mark in by_id.values() if mark and mark.startswith("hidden:user_id=")]
    assert len(hidden) == 4 and len(set(hidden)) == 2 and "u2" in by_id.values()
    assert hidden[0] == f"hidden:user_id={index_of('user_id', '13812346021').hex()}"
    assert lake.check_table("events", ends={}) == [] and event_log.hide_published_ids() == 0


def test_our_own_readers_find_the_person_by_hidden_ids(shop_that_calls_people_by_their_numbers):
    columns = [field.name for field in Event._meta.concrete_fields if field.name != "id"]
    pages = look()
    before = {row["id"]: row for row in Event.objects.values("id", *columns)}
    retire_log(NOW + timedelta(days=1))
    assert look() == pages
    given = {row["id"]: row for rows, _ in events.stream_retired() for row in rows}
    assert len(given) == len(before) - 1
    for number, row in given.items():
        assert {name: bytes(v) if isinstance(v, memoryview) else v for name, v in before[number].items()} == row
    person = queries.get_by_user_id("13812346021").id
    found = queries.list_timeline(customer_id=person, limit=100).items
    assert {item.event.name for item in found} >= {"Seen", "Order Completed"}
    assert {item.event.user_id for item in found} == {None, "13812346021"}


def test_the_check_of_the_lake_finds_ids_that_are_not_hidden(shop_that_calls_people_by_their_numbers, monkeypatch):
    monkeypatch.setattr("liebian.events.archive.hide_ids", lambda rows: rows)
    play([{**track("13900139000", "Later"), "messageId": "later"}])
    work()
    (problem,) = lake.check_table("events", ends={})
    assert problem.code == "personal_in_clear" and "user_id" in problem.words


def test_what_was_published_in_clear_is_hidden_once_and_then_stays(
    shop_that_calls_people_by_their_numbers, monkeypatch
):
    monkeypatch.setattr("liebian.events.archive.hide_ids", lambda rows: rows)
    play([{**track("13900139000", "Later"), "messageId": "later"}, {**track("u2", "Last"), "messageId": "last"}])
    work()
    assert event_log.hide_published_ids() == 1
    assert lake.check_table("events", ends={}) == [] and event_log.hide_published_ids() == 0
    retire_log(NOW + timedelta(days=1))
    assert "13900139000" in {row["user_id"] for rows, _ in events.stream_retired() for row in rows}


def test_an_empty_folder_does_not_become_the_lake_once_events_have_left_the_database(shop, settings, tmp_path, capsys):
    retire_log(NOW + timedelta(days=1))
    whole, settings.LAKE_URL = settings.LAKE_URL, str(tmp_path / "not-mounted")
    play([track("u1", "Later")])
    with pytest.raises(Unavailable) as lost:
        publish_lake(NOW)
    assert lost.value.code == "lake_lost" and lake.get_position("events", "customers") == 0
    assert "lake whole" in {found.name for found in examine(NOW) if not found.ok}
    with pytest.raises(SystemExit):
        verify(json=True)
    assert {"events", "day_facts"} == {problem["table"] for problem in json.loads(capsys.readouterr().out)["problems"]}
    settings.LAKE_URL = whole
    cursors.drain(lambda: publish_lake(NOW))
    assert lake.get_position("events", "customers") == cursors.position_of("customers")
