"""The lake at an address: the same tables on a server that speaks S3."""

from __future__ import annotations

from datetime import date

import pytest

from liebian.lake import queries, rules, services
from liebian.lake.tests.tables import event, person, publish

DAY = date(2026, 3, 1)


@pytest.fixture
def bucket(settings, monkeypatch):
    moto = pytest.importorskip("moto.server")
    import boto3

    server = moto.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    endpoint = "http://{}:{}".format(*server.get_host_and_port())
    said = {"ACCESS_KEY_ID": "key", "SECRET_ACCESS_KEY": "secret", "REGION": "us-east-1", "ENDPOINT_URL": endpoint}
    for name, value in {**said, "ALLOW_HTTP": "true", "EC2_METADATA_DISABLED": "true"}.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    boto3.client("s3", region_name="us-east-1", endpoint_url=endpoint).create_bucket(Bucket="shop")
    settings.LAKE_URL = "s3://shop/lake"
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
