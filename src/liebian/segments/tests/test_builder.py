"""The builder: nothing typed is lost, every rule comes back as it was, mistakes are named where they are."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

import pytest
import time_machine
from django.http import QueryDict
from django.test import Client
from hypothesis import given, settings
from hypothesis import strategies as st

from liebian.access.permissions import ADMINISTRATOR, VIEWER
from liebian.access.tests.factories import make_user
from liebian.core import clock, cursors
from liebian.customers import services as customers
from liebian.customers.queries import find_customer_id
from liebian.events.services import record_events
from liebian.lake.tests.tables import event, paid, person, publish
from liebian.segments import queries, services
from liebian.segments.forms import apply_action, draft_of, finish, read_draft
from liebian.segments.views.builder import end_of_today
from liebian.tiers import services as tiers

pytestmark = pytest.mark.django_db(databases="__all__")
OFTEN = {"kind": "orders", "metric": "n_orders", "op": "ge", "value": 2, "window_days": 90}

conditions = st.one_of(
    st.builds(lambda v: {"kind": "attribute", "name": "city", "op": "in", "value": v}, st.lists(st.sampled_from(["上海", "York"]), min_size=1, max_size=2)),
    st.builds(lambda v: {"kind": "attribute", "name": "birth_month", "op": "ge", "value": v}, st.integers(1, 12)),
    st.just({"kind": "attribute", "name": "gender", "op": "not_set", "value": None}),
    st.builds(lambda c: {"kind": "tier", "model": "lifecycle", "cells": c}, st.lists(st.sampled_from(["new", "lost"]), min_size=1, max_size=2, unique=True)),
    st.builds(
        lambda m, v, w: {"kind": "orders", "metric": m, "op": "ge", "value": v, "window_days": w, "channel": None},
        st.sampled_from(["n_orders", "revenue_minor", "average_order_minor", "days_since_last_order"]),
        st.integers(0, 10**7), st.none() | st.integers(1, 3660),
    ),
    st.builds(
        lambda low, more: {"kind": "orders", "metric": "revenue_minor", "op": "between", "value": [low, low + more], "window_days": None, "channel": "store"},
        st.integers(0, 10**6), st.integers(0, 10**6),
    ),
    st.builds(lambda v: {"kind": "events", "name": "Product Viewed", "op": "eq", "value": v, "window_days": 30}, st.integers(0, 9)),
)  # fmt: skip
trees = st.recursive(
    conditions,
    lambda inner: st.builds(
        lambda kind, rules: {"kind": kind, "rules": rules},
        st.sampled_from(["all_of", "any_of", "none_of"]), st.lists(inner, min_size=1, max_size=3),
    ),
    max_leaves=6,
).filter(lambda tree: "rules" in tree)  # fmt: skip


def posted(node) -> QueryDict:
    """What a browser sends for the fields of a draft."""
    pairs = []
    for one in node.walk():
        names = ["branch"] if one.branch else ["what", "op", "value", "value2", "window", "channel"]
        pairs += [
            (f"{one.path}.{name}", getattr(one, name)) for name in names if getattr(one, name) or name != "channel"
        ]
        pairs += [(f"{one.path}.cells", cell) for cell in one.cells]
    return QueryDict(urlencode(pairs))


@settings(max_examples=60, deadline=None)
@given(trees)
def test_a_rule_comes_back_from_the_form_as_it_was(rule):
    drawn = draft_of(rule, "CNY")
    read = finish(read_draft(posted(drawn)), "CNY")
    assert read.n_unfinished == 0
    assert queries.parse(read.rule) == queries.parse(rule)


def test_adding_turning_grouping_and_removing():
    root = draft_of({"kind": "all_of", "rules": [OFTEN]}, "CNY")
    root = apply_action(apply_action(root, "group:r"), "add:r-1")
    assert [node.path for node in root.walk()] == ["r", "r-0", "r-1", "r-1-0", "r-1-1"]
    root = apply_action(apply_action(root, "turn:r-1"), "remove:r-0")
    assert (root.children[0].branch, [node.path for node in root.walk()]) == ("none_of", ["r", "r-0", "r-0-0", "r-0-1"])
    assert apply_action(root, "remove:r") is root
    for _step in range(9):
        root = apply_action(root, "group:" + max((n.path for n in root.walk() if n.branch), key=len))
    assert finish(root, "CNY").n_unfinished == 0


@pytest.fixture
def shop(lake):
    day = end_of_today() - timedelta(days=20)
    publish("customers", [person(c, day, city="上海" if c % 2 else "杭州") for c in range(1, 11)])
    publish(
        "order_facts",
        [paid(c, 10 * c + k, day + timedelta(days=k), 1000 * c) for c in range(1, 9) for k in range(c % 4)],
    )
    publish("events", [event(c, c, day, "Product Viewed") for c in range(1, 5)])
    return tiers.ensure_default_models(now=clock.now())


def signed_in(role: str = ADMINISTRATOR, language: str = "en") -> Client:
    client = Client(headers={"accept-language": language})
    client.force_login(make_user(role))
    return client


TYPED = {
    "r.branch": "all_of",
    "r-0.what": "orders:n_orders",
    "r-0.op": "ge",
    "r-0.value": "2",
    "r-0.window": "90",
    "name": "Often",
}


def test_a_segment_is_made_changed_and_looked_at(shop):
    client = signed_in()
    assert client.get("/segments/new").status_code == 200
    made = client.post("/segments/new", TYPED | {"do": "save"})
    segment = queries.list_segments()[0]
    assert made.url == f"/segments/{segment.id}"
    page = client.get(made.url)
    assert "Customers who placed at least 2 orders in the last 90 days." in page.content.decode()
    assert page.context["count"].size == len(queries.list_members(segment.id, end_of_today())) == 4
    client.post(made.url, TYPED | {"r-0.value": "3", "do": "save", "version": 1})
    assert queries.get_segment(segment.id).version == 2
    people = client.get(f"/segments/{segment.id}/members").content.decode()
    assert f"/referrals/new?segment={segment.id}" in people


def test_a_segment_says_up_to_when_it_is_counted(shop):
    client = signed_in()
    address = client.post("/segments/new", TYPED | {"do": "save"}).url
    with time_machine.travel(datetime(2026, 6, 1, 4, 30, tzinfo=UTC), tick=False):
        fresh = client.get(address).content.decode()
        assert "Counted with what arrived until 1 Jun 2026 12:30" in fresh and "is-late" not in fresh
        waiting = [{"type": "page", "name": "Tea", "userId": "u1"}]
        record_events(waiting, source="shop", received_at=datetime(2026, 6, 1, 3, tzinfo=UTC))
        late = client.get(address).content.decode()
    assert "Counted with what arrived until 1 Jun 2026 11:00" in late and "is-late" in late


def test_buttons_work_without_script_and_keep_what_was_typed(shop):
    page = signed_in().post("/segments/new", TYPED | {"r-0.value": "many", "do": "add:r"})
    text = page.content.decode()
    assert page.status_code == 200
    assert 'value="many"' in text and "Give a whole number." in text and 'name="r-1.what"' in text
    assert page.context["finished"].n_unfinished == 1


def test_an_unfinished_condition_is_not_saved(shop):
    page = signed_in().post("/segments/new", TYPED | {"r-0.value": "", "do": "save"})
    assert page.status_code == 422
    assert queries.list_segments() == []
    assert "Finish or remove" in page.content.decode()


def test_a_missing_or_taken_name_says_so(shop):
    client = signed_in()
    assert (
        "Give the segment a name" in client.post("/segments/new", TYPED | {"name": " ", "do": "save"}).content.decode()
    )
    client.post("/segments/new", TYPED | {"do": "save"})
    again = client.post("/segments/new", TYPED | {"do": "save"})
    assert again.status_code == 422
    assert "already a segment of this name" in again.content.decode()


def test_the_preview_answers_with_the_editor_alone(shop):
    text = (
        signed_in()
        .post("/segments/preview", TYPED | {"do": "group:r"}, headers={"hx-request": "true"})
        .content.decode()
    )
    assert text.startswith('<div id="editor"') and 'name="r-1-0.what"' in text and "<html" not in text


def test_those_just_in_and_just_out(shop):
    edges = queries.sample_edges(
        {"kind": "all_of", "rules": [OFTEN, {"kind": "attribute", "name": "city", "op": "eq", "value": "上海"}]},
        end_of_today(),
    )
    members = queries.list_members(OFTEN, end_of_today()).tolist()
    assert {edge.customer_id for edge in edges.inside} == {3, 7}
    assert {edge.customer_id for edge in edges.outside} <= {1, 5, 9}
    assert all(edge.customer_id not in members and edge.value == 1 for edge in edges.outside[:2])


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_lists_and_the_customer_panel(shop, language):
    client = signed_in(language=language)
    assert client.get("/segments").status_code == 200
    segment = services.save_segment(name="Often", rule=OFTEN, now=clock.now())
    services.record_sizes(now=clock.now() - timedelta(days=1))
    services.record_sizes(now=clock.now())
    assert "Often" in client.get("/segments").content.decode()
    assert client.get(f"/segments/{segment.id}").status_code == 200
    assert client.post(f"/segments/{segment.id}/archive").status_code == 302
    assert "Often" in client.get("/segments?archived=1").content.decode()
    assert queries.list_segments() == []


def test_a_bad_rule_in_the_address_says_where(shop):
    answer = signed_in().get("/segments/new", {"rule": '{"kind": "all_of", "rules": [{"kind": "gold"}]}'})
    assert answer.status_code == 422
    assert "rules[0].kind" in answer.content.decode()


def test_a_viewer_reads_and_does_not_change(shop):
    segment = services.save_segment(name="Often", rule=OFTEN, now=clock.now())
    client = signed_in(VIEWER)
    assert client.get(f"/segments/{segment.id}").status_code == 200
    assert client.get(f"/segments/{segment.id}/members").status_code == 200
    assert client.get("/segments/new").status_code == 403
    assert client.post(f"/segments/{segment.id}", TYPED | {"do": "save"}).status_code == 403
    assert client.post("/segments/preview", TYPED).status_code == 403
    assert client.post(f"/segments/{segment.id}/archive").status_code == 403
    assert Client().get("/segments").status_code == 302


def test_the_panel_names_the_segments_of_a_real_person(lake):
    tiers.ensure_default_models(now=clock.now())
    yesterday = clock.now() - timedelta(days=2)
    told = {
        "messageId": "1",
        "type": "identify",
        "userId": "u1",
        "timestamp": yesterday.isoformat(),
        "traits": {"name": "林晚秋", "city": "上海"},
    }
    record_events([told], source="tests", received_at=clock.now())
    cursors.drain(customers.advance)
    customers.publish()
    rule = {"kind": "attribute", "name": "city", "op": "eq", "value": "上海"}
    segment = services.save_segment(name="Shanghai", rule=rule, now=clock.now())
    person_id, client = find_customer_id(kind="user_id", value="u1"), signed_in(VIEWER)
    assert f"/segments/{segment.id}" in client.get(f"/customers/{person_id}/segments-panel").content.decode()
    people = client.get(f"/segments/{segment.id}/members").content.decode()
    assert "林*秋" in people and "林晚秋" not in people
    assert client.get("/customers/999999/segments-panel").status_code == 404
