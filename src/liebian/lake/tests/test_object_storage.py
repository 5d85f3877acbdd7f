"""The lake at an address: the same tables on a server that speaks S3."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, date, datetime
from importlib.util import find_spec

import pyarrow as pa
import pytest
from pyarrow import fs

from liebian.lake import queries, rules, services
from liebian.lake.snippets import SNIPPETS
from liebian.lake.store import filesystem
from liebian.lake.tables import find_snapshot
from liebian.lake.tests.tables import event, paid, person, publish

DAY = date(2026, 3, 1)


@pytest.fixture
def bucket(settings, monkeypatch, tmp_path):
    moto = pytest.importorskip("moto.server")
    import boto3

    server = moto.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    endpoint = "http://{}:{}".format(*server.get_host_and_port())
    said = {"ACCESS_KEY_ID": "key", "SECRET_ACCESS_KEY": "secret", "REGION": "us-east-1", "ENDPOINT_URL": endpoint}
    for name, value in {**said, "ALLOW_HTTP": "true", "EC2_METADATA_DISABLED": "true"}.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    boto3.client("s3", region_name="us-east-1", endpoint_url=endpoint).create_bucket(Bucket="shop")
    settings.LAKE_URL = f"s3://shop/{tmp_path.name}"  # what one server keeps, the next one in this process has too
    yield
    server.stop()


def test_tables_are_written_read_and_put_in_order(bucket, monkeypatch):
    monkeypatch.setattr(rules, "FRESH", 2)
    for number in range(1, 5):
        publish("events", [event(owner, number * 10 + owner, DAY, "Viewed") for owner in (1, 2, 3)])
    publish("customers", [person(1, DAY, city="杭州")])
    assert queries.probe() is None
    assert queries.check_table("events", ends={}) == []
    assert queries.locate_rows("events", [2], ["event_id"]).keys.num_rows == 4
    with queries.open_history("events", "customers") as history:
        events = history["events"]
        found = history.engine.run(events.filter(events.customer_id == 2).order_by("event_id"))
        assert found["event_id"].to_pylist() == [12, 22, 32, 42]
        assert history.engine.run(history["customers"])["city"].to_pylist() == ["杭州"]
    assert services.compact_table(table="events").fresh == 0
    assert queries.get_state("events").rows == 12


def test_what_an_erasure_rewrites_is_read_anew_and_its_old_files_leave(bucket, monkeypatch):
    monkeypatch.setattr(rules, "FRESH", 2)
    for number in (1, 2):
        publish("events", [event(owner, number * 10 + owner, DAY, "Viewed") for owner in (1, 2)])
    before = queries.get_state("events")
    old = set(find_snapshot("events").files)

    def blank(rows):
        place = rows.schema.get_field_index("name")
        return rows.set_column(place, rows.schema.field(place), pa.array(["gone"] * rows.num_rows))

    assert services.rewrite_rows(table="events", owners=[1, 2], change=blank) > 0
    assert names_in() == {"gone"}
    assert names_in(versions={"events": before.version}) == {"Viewed"}
    assert services.drop_old_files(table="events") == 0 and old <= files_in("events")
    assert services.drop_replaced_files(table="events", hours=0) > 0
    assert not old & files_in("events") and names_in() == {"gone"}


def test_the_lake_is_read_as_it_was(bucket):
    publish("events", [event(1, 11, DAY, "First")])
    between = datetime.now(UTC)
    publish("events", [event(1, 12, DAY, "Second")])
    assert names_in(at=between) == {"First"} and names_in() == {"First", "Second"}


@pytest.mark.parametrize("snippet", [s for s in SNIPPETS if s.tool in {"DuckDB", "pandas", "Polars"}], ids=lambda s: s.tool)  # fmt: skip
def test_the_snippets_run_at_an_address(bucket, settings, snippet):
    if find_spec(snippet.tool.lower()) is None:
        pytest.skip(f"{snippet.tool} is not installed here")
    publish("order_facts", [paid(1, 1, DAY, 16800)])
    publish("customers", [person(1, DAY)])
    fact = {"kind": "event", "name": "Viewed", "currency": "", "count": 1, "amount_minor": 0, "position": 1}
    publish("day_facts", [{"customer_id": 1, "day": DAY, **fact}])
    code = snippet.at(settings.LAKE_URL)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=dict(os.environ))
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()


def test_spark_is_given_the_addresses_that_it_knows():
    (spark,) = [snippet.at("s3://shop/lake") for snippet in SNIPPETS if snippet.tool == "Spark"]
    assert 'uri.replace("s3://", "s3a://")' in spark and "*files" not in spark
    compile(spark, "spark", "exec")


def names_in(**said):
    with queries.open_history("events", **said) as history:
        return set(history.engine.run(history["events"])["name"].to_pylist())


def files_in(table):
    system, root = filesystem()
    return {f"s3://{info.path}" for info in system.get_file_info(fs.FileSelector(f"{root}/{table}", recursive=True))}
