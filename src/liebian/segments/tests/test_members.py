"""Who is in a rule: against plain Python, as of any day, through the public doors."""

from __future__ import annotations

import random
import time
from datetime import UTC, date, datetime, timedelta

import pytest

from liebian.core.errors import Conflict, Invalid, NotFound
from liebian.lake.tests.tables import event, paid, person, publish
from liebian.segments import queries, services
from liebian.tiers import services as tiers

pytestmark = pytest.mark.django_db(databases="__all__")
START = date(2026, 1, 1)
NOW = datetime(2026, 6, 1, 2, tzinfo=UTC)
TWICE = {"kind": "orders", "metric": "n_orders", "op": "ge", "value": 2, "window_days": 30}
SHANGHAI = {"kind": "attribute", "name": "city", "op": "eq", "value": "上海"}
SEEN = {"kind": "events", "name": "Product Viewed", "op": "ge", "value": 2, "window_days": 10}


def both(*rules: dict) -> dict:
    return {"kind": "all_of", "rules": list(rules)}


@pytest.fixture
def shop(lake):
    """Four people: 1 and 2 in Shanghai, 3 elsewhere, 4 unknown; 1 and 3 bought twice in January."""
    cities = {1: "上海", 2: "上海", 3: "杭州", 4: ""}
    publish("customers", [person(c, START, city=city) for c, city in cities.items()])
    publish("order_facts", [
        paid(1, 1, date(2026, 1, 5), 1000), paid(1, 2, date(2026, 1, 20), 2000), paid(2, 3, date(2026, 1, 6), 9000),
        paid(3, 4, date(2026, 1, 7), 500), paid(3, 5, date(2026, 1, 8), 500),
    ])  # fmt: skip
    publish(
        "events", [event(2, 1, date(2026, 1, 28), "Product Viewed"), event(2, 2, date(2026, 1, 29), "Product Viewed")]
    )
    return tiers.ensure_default_models(now=NOW)


def test_members_of_a_rule(shop):
    assert queries.list_members(both(TWICE, SHANGHAI), date(2026, 2, 1)).tolist() == [1]
    assert queries.list_members({"kind": "any_of", "rules": [TWICE, SEEN]}, date(2026, 2, 1)).tolist() == [1, 2, 3]
    assert queries.list_members({"kind": "none_of", "rules": [SHANGHAI]}, date(2026, 2, 1)).tolist() == [3, 4]
    assert queries.list_members(both(), date(2026, 2, 1)).tolist() == [1, 2, 3, 4]


def test_any_day_can_be_asked(shop):
    assert queries.list_members(TWICE, date(2026, 1, 8)).tolist() == []
    assert queries.list_members(TWICE, date(2026, 1, 9)).tolist() == [3]
    assert queries.list_members(TWICE, datetime(2026, 1, 8, 17, tzinfo=UTC)).tolist() == [3]  # the 9th in Shanghai
    assert queries.list_members(both(), START).tolist() == []


def test_tiers_of_that_day_can_be_asked(shop):
    new = {"kind": "tier", "model": "lifecycle", "cells": ["new"]}
    assert queries.list_members(new, date(2026, 1, 8)).tolist() == [1, 2, 3]
    assert queries.list_members(new, date(2026, 4, 1)).tolist() == []
    with pytest.raises(Invalid, match="tier model 'vip'"):
        queries.list_members({"kind": "tier", "model": "vip", "cells": ["gold"]}, date(2026, 1, 8))


def test_told_attributes_can_be_asked(lake):
    publish(
        "customers",
        [person(1, START, attributes='{"size": "M", "age": 40}'), person(2, START), person(3, START, is_known=False)],
    )
    size = {"kind": "attribute", "name": "size", "op": "eq", "value": "M"}
    older = {"kind": "attribute", "name": "age", "op": "ge", "value": 40}
    assert queries.list_members(both(size, older), date(2026, 2, 1)).tolist() == [1]
    assert queries.list_members({"kind": "attribute", "name": "age", "op": "not_set"}, date(2026, 2, 1)).tolist() == [2]


def test_new_facts_are_seen_at_once(shop):
    assert queries.count_rule(TWICE, date(2026, 2, 1)).size == 2
    publish("order_facts", [paid(4, 9, date(2026, 1, 9), 100), paid(4, 10, date(2026, 1, 10), 100)])
    assert queries.list_members(TWICE, date(2026, 2, 1)).tolist() == [1, 3, 4]


def test_a_node_count_says_what_each_condition_leaves(shop):
    counts = queries.count_nodes(both(SHANGHAI, TWICE, {"kind": "none_of", "rules": [SEEN, TWICE]}), date(2026, 2, 1))
    assert [(counts[path].alone, counts[path].left) for path in [(0,), (1,), (2,)]] == [(2, 2), (2, 1), (1, 0)]
    assert [(counts[path].alone, counts[path].left) for path in [(2, 0), (2, 1)]] == [(1, 1), (2, 0)]


@pytest.mark.parametrize(("rule", "place"), [
    ("{", "not JSON"),
    ('{"kind": "orders", "metric": "n_orders", "op": "ge", "value": "two"}', "value"),
    ('{"kind": "all_of", "rules": [{"kind": "nobody"}]}', r"rules\[0\].kind"),
])  # fmt: skip
def test_a_bad_rule_says_where(rule, place):
    with pytest.raises(Invalid, match=place) as caught:
        queries.count_rule(rule, START)
    assert caught.value.code == "bad_rule"


def test_ten_thousand_customers_take_well_under_a_second_of_the_processor(lake):
    draw = random.Random(1)
    publish("customers", [person(c, START) for c in range(1, 10_001)])
    publish("order_facts", [
        paid(draw.randrange(1, 10_001), n, START + timedelta(days=draw.randrange(120)), draw.randrange(100, 9000))
        for n in range(40_000)
    ])  # fmt: skip
    queries.count_rule(both(), date(2026, 3, 1))
    begun = time.process_time()
    queries.count_rule(both(TWICE, SEEN), date(2026, 5, 1))
    assert time.process_time() - begun < 1


def test_a_segment_is_saved_versioned_and_archived(shop):
    saved = services.save_segment(name="  Shanghai   twice ", rule=both(TWICE, SHANGHAI), now=NOW, by=7)
    assert (saved.name, saved.version, saved.rule["kind"]) == ("Shanghai twice", 1, "all_of")
    assert queries.list_members(saved.id, date(2026, 2, 1)).tolist() == [1]
    again = services.save_segment(segment_id=saved.id, name=saved.name, rule=saved.rule, now=NOW, by=7)
    assert again.version == 1
    changed = services.save_segment(segment_id=saved.id, name=saved.name, rule=TWICE, now=NOW, based_on_version=1)
    assert changed.version == 2
    with pytest.raises(Conflict, match="version 2"):
        services.save_segment(segment_id=saved.id, name="Other", rule=SHANGHAI, now=NOW, based_on_version=1)
    with pytest.raises(Conflict, match="already a segment"):
        services.save_segment(name="Shanghai twice", rule=SEEN, now=NOW)
    services.archive_segment(segment_id=saved.id, now=NOW)
    assert queries.list_segments() == []
    assert services.save_segment(name="Shanghai twice", rule=SEEN, now=NOW).id != saved.id


def test_a_segment_needs_a_name_and_must_exist(shop):
    with pytest.raises(Invalid, match="name"):
        services.save_segment(name=" ", rule=TWICE, now=NOW)
    with pytest.raises(NotFound):
        services.save_segment(segment_id=99, name="x", rule=TWICE, now=NOW)
    with pytest.raises(NotFound):
        queries.list_members(99, START)


def test_the_segments_of_a_customer(shop):
    first = services.save_segment(name="Shanghai", rule=SHANGHAI, now=NOW)
    services.save_segment(name="Often", rule=TWICE, now=NOW)
    assert [s.id for s in queries.segments_of(2, date(2026, 2, 1))] == [first.id]
    assert queries.segments_of(999, date(2026, 2, 1)) == []


def test_sizes_are_kept_once_a_day(shop):
    segment = services.save_segment(name="Shanghai", rule=SHANGHAI, now=NOW)
    assert services.record_sizes(now=NOW) == 1
    assert services.record_sizes(now=NOW) == 0
    assert [(s.day, s.size) for s in queries.list_sizes(as_of=date(2026, 6, 1))[segment.id]] == [(date(2026, 6, 1), 2)]
    services.save_segment(segment_id=segment.id, name="Shanghai", rule=both(), now=NOW)
    assert services.record_sizes(now=NOW) == 1
    assert queries.list_sizes(as_of=date(2026, 6, 1))[segment.id][0].size == 4
