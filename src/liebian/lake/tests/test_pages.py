"""The lake page: what there is, in both languages, also when a table cannot be read; and its snippets work."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from datetime import date
from importlib.util import find_spec
from pathlib import Path

import pytest
from django.test import Client

from liebian.access.permissions import VIEWER
from liebian.access.tests.factories import make_user
from liebian.lake.snippets import PLACE, SNIPPETS
from liebian.lake.tests.tables import event, paid, person, publish

pytestmark = pytest.mark.django_db(databases="__all__")
DAY = date(2026, 3, 1)
DOC = Path(__file__).resolve().parents[4] / "docs" / "how-to" / "read-the-lake.md"


def client_in(language: str) -> Client:
    client = Client(headers={"accept-language": language})
    client.force_login(make_user(VIEWER))
    return client


@pytest.fixture
def filled(lake):
    publish("events", [event(1, 1, DAY, "Viewed")])
    publish("order_facts", [paid(1, 1, DAY, 16800)])
    publish("customers", [person(1, DAY)])
    fact = {
        "customer_id": 1,
        "day": DAY,
        "kind": "event",
        "name": "Viewed",
        "currency": "",
        "count": 1,
        "amount_minor": 0,
    }
    publish("day_facts", [fact])
    return lake


@pytest.mark.parametrize(("language", "word"), [("en", "Not published yet"), ("zh-hans", "还没有发布")])
def test_the_page_names_every_table_and_where_it_is(filled, language, word):
    html = client_in(language).get("/lake").content.decode()
    assert "order_lines" in html and word in html and str(filled) in html and "read_parquet" in html


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_a_table_shows_its_versions_and_columns(filled, language):
    client = client_in(language)
    html = client.get("/lake/events").content.decode()
    assert "personal_sealed" in html and ("New rows" if language == "en" else "新增数据") in html
    assert client.get("/lake/order_lines").status_code == 200


def test_an_empty_lake_and_a_table_that_is_not_there(lake):
    client = client_in("en")
    assert "Nothing published yet" in client.get("/lake").content.decode()
    assert client.get("/lake/nothing").status_code == 404


def test_a_table_that_cannot_be_read_does_not_take_the_others_with_it(filled):
    for entry in (filled / "events" / "_delta_log").glob("*.json"):
        entry.write_text("broken")
    client = client_in("en")
    html = client.get("/lake").content.decode()
    assert "The lake table events cannot be read or written" in html and "order_facts" in html
    assert "cannot be read or written" in client.get("/lake/events").content.decode()


def test_the_guide_has_the_snippets_of_the_page():
    blocks = re.findall(r"```(?:python|sh)\n(.*?)\n```", DOC.read_text(encoding="utf-8"), re.DOTALL)
    assert [snippet.code for snippet in SNIPPETS if snippet.tool != "Tableau"] == [
        block for block in blocks if PLACE in block
    ]


@pytest.mark.parametrize("snippet", [s for s in SNIPPETS if s.tool != "Tableau"], ids=lambda s: s.tool)
def test_the_snippets_run(filled, snippet):
    needs = {"Spark": "pyspark", "Polars": "polars", "pandas": "pandas", "DuckDB": "duckdb"}[snippet.tool]
    if find_spec(needs) is None:
        pytest.skip(f"{needs} is not installed here")
    if snippet.tool == "Spark":
        if "spark" not in os.environ.get("LIEBIAN_REQUIRE", ""):
            pytest.skip("Spark takes long to start: LIEBIAN_REQUIRE=spark runs it")
        if os.environ.get("DATABASE_URL"):
            pytest.skip("the lake's files are the same beside either database")
    environment = {**os.environ, "SPARK_LOCAL_IP": "127.0.0.1"}
    code = snippet.at(str(filled))
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()
