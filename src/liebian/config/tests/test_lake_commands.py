"""liebian lake status, compact and export: what people get who look after the lake or take a table with them."""

from __future__ import annotations

import csv
import json
from datetime import UTC, datetime

import pyarrow.parquet as pq
import pytest

from liebian.config.cli import lake as commands
from liebian.config.doctor import examine
from liebian.config.jobs import publish_lake, run_stages
from liebian.core import cursors
from liebian.core.errors import Invalid
from liebian.customers.tests.factories import NOW, identify, play, track
from liebian.lake import queries

pytestmark = pytest.mark.django_db(databases="__all__")


def work() -> None:
    cursors.drain(lambda: run_stages(NOW))
    cursors.drain(lambda: publish_lake(NOW))


@pytest.fixture
def shop(settings, tmp_path):
    settings.LAKE_URL = str(tmp_path / "lake")
    order = {"order_id": "o1", "total": 10, "currency": "CNY"}
    play([identify("u1", name="林晚秋", phone="13812346021", city="杭州"), track("u1", "Order Completed", **order)])
    work()
    return tmp_path


def said(capsys, call, *given, **more):
    capsys.readouterr()
    call(*given, json=True, **more)
    return json.loads(capsys.readouterr().out)


def test_status_says_what_there_is_and_how_far_it_is_behind(shop, capsys):
    before = said(capsys, commands.status)
    assert (before["events"]["rows"], before["events"]["lag"], before["url"]) == (2, 0, str(shop / "lake"))
    play([{**track("u1", "Looked"), "messageId": "new"}])
    assert said(capsys, commands.status)["events"]["lag"] == 1
    work()
    assert said(capsys, commands.status)["events"]["rows"] == 3
    capsys.readouterr()
    commands.status()
    assert "events: 3 rows" in " ".join(capsys.readouterr().out.split())


def test_compact_leaves_the_rows_and_one_file_for_each_bucket(shop, capsys):
    for n in range(3):
        play([{**track("u1", "Looked"), "messageId": f"n{n}"}])
        work()
    assert queries.get_state("events").files > 1
    done = said(capsys, commands.compact, "events")
    assert done == {"events": {"files": 1, "rows": 5, "deleted": 0}}
    assert said(capsys, commands.compact, "events") == done
    with pytest.raises(Invalid) as refused:
        commands.compact("nothing")
    assert refused.value.code == "no_such_table"


def rows_of(path):
    if path.suffix == ".csv":
        with open(path, encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))
    if path.suffix == ".jsonl":
        return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return pq.read_table(path).to_pylist()


@pytest.mark.parametrize("kind", ["csv", "jsonl", "parquet"])
def test_an_export_has_every_row_and_nothing_of_a_person_that_can_be_read(shop, capsys, kind):
    out = shop / f"events.{kind}"
    assert said(capsys, commands.export, "events", out=out, format=kind) == {"rows": 2, "file": str(out)}
    rows = rows_of(out)
    assert [row["name"] for row in sorted(rows, key=lambda row: int(row["event_id"]))] == ["", "Order Completed"]
    content = out.read_bytes()
    assert "林晚秋".encode() not in content and b"13812346021" not in content
    assert ("personal_sealed" in rows[0], "key" in rows[0]) == (kind == "parquet", kind == "parquet")
    with pytest.raises(Invalid) as refused:
        commands.export("events", out=out, format=kind)
    assert refused.value.code == "file_exists" and out.read_bytes() == content


def test_an_export_into_no_folder_says_so(shop):
    with pytest.raises(Invalid, match="no folder"):
        commands.export("events", out=shop / "nowhere" / "events.parquet")


def test_an_export_as_of_a_version_or_a_moment_is_the_table_of_then(shop, capsys):
    then, version = datetime.now(UTC), queries.get_state("events").version
    play([{**track("u1", "Looked"), "messageId": "new"}])
    work()
    for number, as_of in enumerate((None, str(version), then.isoformat())):
        out = shop / f"{number}.jsonl"
        told = said(capsys, commands.export, "events", out=out, format="jsonl", as_of=as_of)
        assert told["rows"] == len(rows_of(out)) == (3 if as_of is None else 2)
    with pytest.raises(Invalid) as refused:
        commands.export("events", out=shop / "x.csv", format="csv", as_of="yesterday")
    assert refused.value.code == "bad_moment" and not (shop / "x.csv").exists()


def test_doctor_asks_for_a_compaction_of_what_was_published_before_ids_were_hidden(settings, tmp_path, monkeypatch):
    settings.LAKE_URL = str(tmp_path / "lake")
    with monkeypatch.context() as older:
        older.setattr("liebian.lake.writing.HIDDEN", "an older version notes nothing")
        play([track("u1", "Looked")])
        work()
    (asked,) = (finding for finding in examine(NOW) if finding.name == "lake ids")
    assert not asked.ok and "liebian lake compact events" in asked.words
    commands.compact("events")
    assert "lake ids" not in {finding.name for finding in examine(NOW)}


def test_doctor_does_not_take_a_mistyped_address_for_a_folder(shop, monkeypatch):
    monkeypatch.setenv("LIEBIAN_LAKE_URL", "s3:/bucket/lake")
    found = {each.name: each for each in examine(NOW)}["lake"]
    assert not found.ok and "two slashes" in found.words
