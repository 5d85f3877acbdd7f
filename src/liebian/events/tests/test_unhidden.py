"""What was published before ids that name somebody were hidden is said where staff look, until it was looked through."""

from __future__ import annotations

from datetime import date

import pytest

from liebian.events.services import hide_published_ids
from liebian.lake.queries import count_unhidden_files
from liebian.lake.tests.tables import event, publish
from liebian.lake.tests.test_pages import client_in

pytestmark = pytest.mark.django_db(databases="__all__")
DAY = date(2026, 3, 1)
OLD = ("liebian.lake.writing.HIDDEN", "an older version notes nothing")


@pytest.fixture(autouse=True)
def _lake(settings, tmp_path):
    settings.LAKE_URL = str(tmp_path / "lake")


def test_a_table_made_today_has_nothing_to_be_looked_through():
    assert count_unhidden_files("events") == 0
    publish("events", [event(1, 1, DAY, "Viewed")])
    assert count_unhidden_files("events") == 0
    assert "compact events" not in client_in("en").get("/lake").content.decode()


def test_one_from_before_is_told_with_what_to_run_until_that_was_done(monkeypatch):
    with monkeypatch.context() as older:
        older.setattr(*OLD)
        publish("events", [event(1, 1, DAY, "Viewed") | {"user_id": "13812346021"}])
        publish("events", [event(2, 2, DAY, "Viewed")])
    assert count_unhidden_files("events") == 2
    page = client_in("zh-hans").get("/lake").content.decode()
    assert "2 个文件尚未检查" in page and "liebian lake compact events" in page
    assert hide_published_ids() == 1 and hide_published_ids() == 0
    assert count_unhidden_files("events") == 0
    publish("events", [event(3, 3, DAY, "Viewed")])
    assert count_unhidden_files("events") == 0
