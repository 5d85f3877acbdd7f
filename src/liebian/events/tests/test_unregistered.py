"""What arrives without a schema: every kind of it can be found, in a list that is searched, sorted and paged."""

from __future__ import annotations

import re

import pytest
from django.db import connections
from django.test.utils import CaptureQueriesContext

from liebian.access.permissions import OPERATOR, VIEWER
from liebian.core import clock
from liebian.events import services
from liebian.events.models import Event
from liebian.events.tests.test_inbox_pages import client_of, text_of
from liebian.events.tests.test_quarantine import arrive, register

pytestmark = pytest.mark.django_db(databases="__all__")
ADDRESS = "/schemas/arriving"


def send(**times):
    messages = [
        {"type": "track", "event": name, "userId": "u", "messageId": f"{name}-{number}"}
        for name, count in times.items()
        for number in range(count)
    ]
    services.record_events(messages, source="shop", received_at=clock.now())


def walk(client, query=""):
    """(name, how often) on each page, following Next."""
    pages = []
    while query is not None and len(pages) < 9:
        page = text_of(client.get(ADDRESS + query))
        pages.append(re.findall(r'<td class="text-break">([^<]+)<.*?<td class="lb-num">([^<]+)<', page))
        found = re.findall(r'href="([^"]+)" rel="next"', page)
        query = found[0].replace("&amp;", "&") if found else None
    return pages


def test_the_list_has_no_end_and_its_state_is_in_its_address(monkeypatch):
    monkeypatch.setattr("liebian.events.views.tables.page_of.__defaults__", (2,))
    send(Paid=3, seen=1, Left=2)
    arrive({"event": "Left"}, {"event": "wrong"})
    register(name="Paid")
    services.record_events([{"type": "page", "name": "Seen it", "userId": "u"}], source="shop", received_at=clock.now())
    bo = client_of(OPERATOR)
    assert walk(bo) == [[("Left", "3"), ("wrong", "1")], [("seen", "1"), ("Seen it", "1")]]
    assert walk(bo, "?sort=name") == [[("Left", "3"), ("seen", "1")], [("Seen it", "1"), ("wrong", "1")]]
    assert walk(bo, "?q=SEEN&order=turned") == [[("Seen it", "1"), ("seen", "1")]]
    assert walk(bo, "?type=page&q=seen") == [[("Seen it", "1")]]
    assert "Nothing that arrives is like that" in text_of(bo.get(f"{ADDRESS}?q=nobody"))
    assert bo.get(f"{ADDRESS}?after=made-up").status_code == 422


def test_beside_the_schemas_stand_the_most_frequent_and_the_way_to_all():
    send(rare=1, **{f"often {number}": 2 for number in range(10)})
    bo = client_of(OPERATOR)
    page = text_of(bo.get("/schemas"))
    assert f'href="{ADDRESS}">Show all 11<' in page and "name=rare" not in page and page.count("often") == 20
    register(name="often 1")
    page = text_of(bo.get("/schemas"))
    assert ADDRESS not in page and "name=rare" in page


def test_whoever_may_not_change_schemas_is_offered_nothing_to_learn():
    send(rare=1)
    assert "schemas/new" in text_of(client_of(OPERATOR).get(ADDRESS))
    page = text_of(client_of(VIEWER).get(ADDRESS))
    assert "rare" in page and "schemas/new" not in page


def test_it_says_so_when_everything_has_a_schema():
    assert "Everything that arrived lately has a schema" in text_of(client_of(VIEWER).get(ADDRESS))


def test_more_kinds_are_no_more_queries():
    bo = client_of(OPERATOR)
    asked = []
    for n_kinds in (2, 40):
        send(**{f"kind {number}": 2 for number in range(n_kinds)})
        bo.get(ADDRESS)
        with CaptureQueriesContext(connections[Event.objects.db]) as queries:
            bo.get(ADDRESS)
        asked.append(len(queries))
    assert asked[0] == asked[1] > 0
