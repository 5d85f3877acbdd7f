"""Erasing somebody whose ids are a phone number and an e-mail address, which the lake hides: no copy of them is left, and what the log no
longer holds is found by its hidden id."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from liebian.core import cursors
from liebian.core.crypto import index_of, seal, unseal
from liebian.customers import queries, services
from liebian.customers.models import Customer, Erasure, Identifier, Tombstone
from liebian.customers.tests.factories import NOW, identify, play, track
from liebian.customers.tests.test_erasing import erase, finish
from liebian.events import queries as log
from liebian.events.hiding import Said, show_ids
from liebian.events.inbox.quarantine import open_message
from liebian.events.models import Event, Quarantined, RefusedRequest
from liebian.events.queries import REFUSED_CONTEXT
from liebian.events.services import drop_retired
from liebian.events.tests.test_quarantine import arrive
from liebian.lake import queries as lake

pytestmark = pytest.mark.django_db(databases="__all__")
PHONE, DEVICE, FORMER, CARD = "13812346021", "wx_138-1234-6022", "old@example.com", "11010519491231002X"
IDS = (PHONE, DEVICE, FORMER, CARD)
COLUMNS = ("event_id", "user_id", "anonymous_id", "body", "personal_sealed")


@pytest.fixture(autouse=True)
def _lake(settings, tmp_path):
    settings.LAKE_URL = str(tmp_path / "lake")


def history():
    play([
        {"type": "page", "name": "Tea", "anonymousId": DEVICE},
        {"type": "page", "name": "Cup", "anonymousId": CARD},
        {**identify(PHONE, city="杭州"), "anonymousId": DEVICE},
        {"type": "alias", "userId": PHONE, "previousId": CARD},
        {"type": "alias", "userId": PHONE, "previousId": FORMER},
        track(PHONE, "Order Completed", order_id="o1", total=99, currency="CNY", payer_id=PHONE),
        {**identify("u-bo", email="bo@example.com"), "traits": {"referred_by": PHONE}},
        {**track("u-bo", "Paid"), "context": {"traits": {"referred_by": PHONE, "level": 2}}},
    ])  # fmt: skip
    return Customer.objects.get(user_id=PHONE)


def publish():
    cursors.drain(services.publish)


def retire():
    publish()
    services.retire_events(upto=log.get_log_end())
    drop_retired()
    assert not Event.objects.exists()


def everything_in_the_lake() -> str:
    """With what is hidden shown."""
    found = []
    for rows in lake.stream_rows("events", COLUMNS):
        for row in rows.to_pylist():
            row.pop("event_id")
            said = show_ids(Said(**row))
            sealed = unseal(said.personal_sealed, context=log.PERSONAL_CONTEXT) if said.personal_sealed else {}
            found += [*said[:3], json.dumps(sealed)]
    return " ".join(filter(None, found))


def left(text: str) -> list[str]:
    return [said for said in IDS if said in text]


@pytest.mark.parametrize("when", ["before it is published", "published", "in the lake only"])
def test_no_copy_is_left_in_the_log_or_the_lake(when):
    person = history()
    if when != "before it is published":
        publish()
        assert left(everything_in_the_lake()) == list(IDS)
    if when == "in the lake only":
        retire()
    n_rows = Event.objects.count() + log_rows_in_lake(when)
    erase(person.pk)
    assert left(everything_in_the_lake()) == []
    assert left(json.dumps([[r.user_id, r.anonymous_id, bytes(r.body).decode()] for r in Event.objects.all()])) == []
    assert sum(rows.num_rows for rows in lake.stream_rows("events", ["event_id"])) == n_rows + 1
    assert lake.check_table("events", ends={}) == []
    assert not Identifier.objects.filter(customer_id=person.pk).exists()
    assert queries.get_customer(Customer.objects.get(user_id="u-bo").pk).referred_by == person.pk


def log_rows_in_lake(when: str) -> int:
    return sum(rows.num_rows for rows in lake.stream_rows("events", ["event_id"])) if when == "in the lake only" else 0


def test_whoever_comes_back_under_the_id_is_new_and_what_is_told_late_of_the_time_before_goes_too():
    person = history()
    retire()
    erase(person.pk)
    play([{**track(PHONE, "Late"), "messageId": "late"}], source="file")
    finish()
    assert left(everything_in_the_lake()) == []
    play(
        [{**track(PHONE, "Back"), "messageId": "back", "timestamp": (NOW + timedelta(minutes=1)).isoformat()}],
        source="back",
    )
    assert Customer.objects.get(user_id=PHONE).pk != person.pk


def test_what_the_lake_alone_has_of_them_stays_theirs_without_a_name():
    """Its marks find the tombstone, as the hidden ids found the person."""
    person = history()
    retire()
    names = [item.event.name for item in queries.list_timeline(customer_id=person.pk, limit=50).items]
    erase(person.pk)
    stones = {bytes(index) for index in Tombstone.objects.values_list("index", flat=True)}
    ids = {person.pk, *Customer.objects.filter(merged_into=person.pk).values_list("pk", flat=True)}
    rows = [
        row for rows, owners in log.stream_retired() for row, owner in zip(rows, owners, strict=True) if owner in ids
    ]
    marks = {row["user_id"] for row in rows if row["user_id"]}
    assert len(rows) == len(names) and len(marks) == 1
    assert {index_of("user_id", mark) for mark in marks} <= stones
    assert [item.event.name for item in queries.list_timeline(customer_id=person.pk, limit=50).items if item.event.name] == [
        "Customer Erased", *filter(None, names)
    ]  # fmt: skip


WAITING = {
    "by user": {"userId": PHONE},
    "by device": {"anonymousId": DEVICE, "userId": None},
    "by former id": {"userId": None, "previousId": FORMER, "type": "alias"},
    "as a number": {"userId": int(PHONE)},
    "in a text": {"userId": "u-cy", "properties": {"note": f"called {PHONE}"}},
    "as the one who recommended": {"userId": None, "type": "identify", "traits": {"referred_by": PHONE}},
    "by card": {"anonymousId": CARD, "userId": None},
}


@pytest.mark.parametrize("case", WAITING)
@pytest.mark.parametrize("is_retired", [False, True])
def test_what_waits_in_quarantine_under_their_id_is_emptied(case, is_retired):
    person = history()
    if is_retired:
        retire()
    arrive({"event": "Odd", **WAITING[case]}, {"event": "Odd", "userId": "13900001111"})
    erase(person.pk)
    theirs, others = (open_message(row.message) for row in Quarantined.objects.order_by("pk"))
    assert theirs == {} and others["userId"] == "13900001111"


@pytest.mark.parametrize("case", WAITING)
def test_what_was_refused_under_their_id_is_emptied(case):
    person = history()
    retire()
    excerpt = seal(json.dumps(WAITING[case]), context=REFUSED_CONTEXT)
    row = RefusedRequest.objects.create(received_ms=0, status=400, code="x", details={"got": PHONE}, excerpt=excerpt)
    erase(person.pk)
    row.refresh_from_db()
    assert row.excerpt is None and row.details == {"got": "███"}


def test_the_words_by_which_they_were_sought_are_gone_in_the_end():
    person = history()
    retire()
    erase(person.pk)
    assert Erasure.objects.get().words is None
    assert Tombstone.objects.filter(customer_id=person.pk).exists()
