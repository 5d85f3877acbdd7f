"""Files come and go; rows do not. Every version holds every published row once, in few, sorted files."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from deltalake import DeltaTable
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from liebian.core.errors import Unavailable
from liebian.lake import queries, rules, services
from liebian.lake.tables import find_snapshot, find_table, snapshot_of
from liebian.lake.tests.tables import READER, event, paid, person, publish
from liebian.lake.tidying import _written
from liebian.lake.writing import commit_step

DAY = date(2026, 3, 1)
ids = st.integers(1, 2**40)


def ids_at(version: int) -> list[int]:
    delta = find_table("events", version=version)
    return sorted(delta.to_pyarrow_table()["event_id"].to_pylist())


@pytest.fixture
def small(monkeypatch, lake):
    """A lake whose limits are reached by a few rows."""
    monkeypatch.setattr(rules, "FRESH", 3)
    monkeypatch.setattr(rules, "RUNS", 3)
    monkeypatch.setattr(rules, "SPLIT_ROWS", 12)
    monkeypatch.setattr(rules, "ROW_GROUP", 4)
    return lake


@given(st.lists(ids, min_size=1, max_size=50), st.integers(0, 6))
def test_a_bucket_splits_in_two_and_no_other_changes(numbers, power):
    found, buckets = np.array(numbers), 2**power
    before, after = rules.bucket_of(found, buckets), rules.bucket_of(found, 2 * buckets)
    assert (after % buckets == before).all() and (after < 2 * buckets).all()


def test_ids_spread_over_the_buckets():
    counts = np.bincount(rules.bucket_of(np.arange(1, 16_001), 16), minlength=16)
    assert counts.min() > 800 and counts.max() < 1200
    assert rules.bucket_of(np.array([0]), 256).tolist() == [0]


@settings(
    max_examples=6,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.lists(st.lists(st.integers(0, 60), max_size=12), min_size=1, max_size=9))
def test_every_version_holds_every_row_once_in_few_sorted_files(small, tmp_path_factory, settings, commits):
    settings.LAKE_URL = str(tmp_path_factory.mktemp("lake"))
    published, upto, expected = 0, {}, {}
    for owners in commits:
        rows = [event(owner or None, published + number + 1, DAY, "Viewed") for number, owner in enumerate(owners)]
        for row in rows:
            expected.setdefault(row["customer_id"] or 0, []).append(row["event_id"])
        publish("events", rows)
        published += len(rows)
        upto[find_snapshot("events").version] = published
    newest = find_snapshot("events")
    seen = 0
    for version in range(newest.version + 1):
        held = ids_at(version)
        assert held == list(range(1, len(held) + 1)) and len(held) >= seen
        seen = len(held)
        assert len(held) == upto.get(version, len(held))
    leaves = rules.leaves_of(newest.parts, services.LAYOUTS["events"])
    assert len(newest.parts) <= rules.FRESH + len(leaves) * (rules.RUNS + 1)
    assert queries.check_table("events", ends={}) == []
    expected.pop(0, None)  # rows of nobody are asked for by nobody
    for owner, wanted in expected.items():
        located = queries.locate_rows("events", [owner], ["event_id"])
        assert sorted(located.keys["event_id"].to_pylist()) == wanted
        places = list(range(len(wanted)))[::-1]
        assert located.take(places, ["event_id"])["event_id"].to_pylist() == located.keys["event_id"].to_pylist()[::-1]


def test_a_bucket_that_grew_is_read_across_its_halves(small):
    for number in range(12):
        publish("events", [event(owner, number * 40 + owner, DAY, "Viewed") for owner in range(1, 41)])
    assert {part.buckets for part in find_snapshot("events").parts if part.kind != "fresh"} > {16}
    for owner in range(1, 41):
        assert queries.locate_rows("events", [owner], ["event_id"]).keys.num_rows == 12
    services.compact_table(table="events")
    assert queries.get_state("events").fresh == queries.get_state("events").runs == 0
    assert queries.check_table("events", ends={}) == []


def test_the_same_position_is_published_once(lake):
    publish("events", [event(1, 1, DAY, "Viewed")])
    position = queries.get_position("events", READER)
    rows = find_table("events").to_pyarrow_table()
    assert services.append_rows(table="events", rows=rows, reader=READER, position=position) is False
    assert queries.get_state("events").rows == 1


def test_the_last_thing_said_of_a_customer_stands_before_and_after_compaction(small):
    for city in ("杭州", "苏州", "上海", "宁波"):
        publish("customers", [person(customer, DAY, city=city) for customer in (1, 2)])
    publish("customers", [person(2, DAY, merged_into=1)])
    for _ in range(2):
        with queries.open_history("customers") as history:
            found = history.engine.run(history["customers"]).to_pylist()
        assert [(row["customer_id"], row["city"]) for row in found] == [(1, "宁波")]
        services.compact_table(table="customers")


def test_day_facts_add_up_the_same_after_compaction(small):
    fact = {"customer_id": 1, "day": DAY, "kind": "event", "name": "Viewed", "currency": "", "amount_minor": 5}
    for count in (1, 2, 3, 4):
        publish("day_facts", [{**fact, "count": count}, {**fact, "customer_id": 2, "count": 1}])
    services.compact_table(table="day_facts")
    rows = {row["customer_id"]: row for row in find_table("day_facts").to_pyarrow_table().to_pylist()}
    assert (rows[1]["count"], rows[1]["amount_minor"], rows[2]["count"]) == (10, 20, 4)


def test_of_two_rewrites_at_once_one_is_refused(lake):
    for number in (1, 2):
        publish("events", [event(number, number, DAY, "Viewed")])
    handles = [find_table("events"), find_table("events")]
    steps = [
        rules.next_step(snapshot_of("events", h).parts, services.LAYOUTS["events"], everything=True) for h in handles
    ]
    added = [_written(snapshot_of("events", h), step) for h, step in zip(handles, steps, strict=True)]
    commit_step(handles[0], steps[0], added[0])
    with pytest.raises(Exception, match="Concurrent"):
        commit_step(handles[1], steps[1], added[1])
    assert queries.get_state("events").rows == 2


_KILLED = """
import os, signal, sys
import django
django.setup()
from django.conf import settings
settings.LAKE_URL = sys.argv[1]
from liebian.lake import services, tidying, writing
calls = 0
def dying(real):
    def call(*args, **kwargs):
        global calls
        calls += 1
        if calls == int(sys.argv[2]):
            os.kill(os.getpid(), signal.SIGKILL)
        return real(*args, **kwargs)
    return call
tidying.write_file = dying(tidying.write_file)
tidying.commit_step = dying(tidying.commit_step)
services.compact_table(table="events")
"""


@pytest.mark.parametrize("moment", [1, 5, 17, 18])
def test_a_rewrite_that_is_killed_leaves_the_table_right(lake, moment):
    rows = [event(owner, owner, DAY, "Viewed") for owner in range(1, 400)]
    publish("events", rows[:200])
    publish("events", rows[200:])
    env = {**os.environ, "DJANGO_SETTINGS_MODULE": "liebian.config.settings"}
    done = subprocess.run([sys.executable, "-c", _KILLED, str(lake), str(moment)], env=env, capture_output=True)
    assert done.returncode in (-signal.SIGKILL, 0), done.stderr.decode()
    assert (done.returncode == 0) == (moment == 18), "16 files and one commit"
    assert ids_at(find_snapshot("events").version) == list(range(1, 400))
    services.compact_table(table="events")
    assert ids_at(find_snapshot("events").version) == list(range(1, 400))
    assert queries.check_table("events", ends={}) == []
    delta = DeltaTable(str(lake / "events"))
    delta.vacuum(retention_hours=0, dry_run=False, enforce_retention_duration=False, full=True)
    kept = {
        path.relative_to(lake / "events").as_posix()
        for path in (lake / "events").rglob("*.parquet")
        if "_delta_log" not in path.parts
    }
    assert kept == {part.path for part in find_snapshot("events").parts}


def test_snapshots_by_version_and_by_time(lake):
    publish("order_facts", [paid(1, 1, DAY, 100)])
    first = queries.list_versions("order_facts")[0]
    publish("order_facts", [paid(1, 2, DAY, 200)])
    late = first.at.timestamp() + 0.3  # a busy disk: the file of the commit is younger than what the commit says
    commit = Path(lake) / "order_facts" / "_delta_log" / f"{first.version:020}.json"
    os.utime(commit, (late, late))
    for pinned in ({"versions": {"order_facts": first.version}}, {"at": first.at}):
        with queries.open_history("order_facts", **pinned) as history:
            assert history.engine.run(history["order_facts"])["order_id"].to_pylist() == [1]
    assert queries.list_versions("order_facts")[0].act == "append"
    with pytest.raises(Unavailable), queries.open_history("order_facts", versions={"order_facts": 99}):
        pass
