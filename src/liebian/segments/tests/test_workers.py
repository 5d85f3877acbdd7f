"""Several workers take their first step at the same moment: one lays out the shards, none fails."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from django.db import connection

from liebian.ledger.tests.support import run_threads
from liebian.segments import services
from liebian.segments.models import Progress
from liebian.segments.stage import progress

WORKERS = 4


@pytest.mark.django_db(databases="__all__", transaction=True)
def test_workers_that_start_together_lay_out_the_shards_once(monkeypatch: pytest.MonkeyPatch) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has one worker")
    all_have_looked, looked = threading.Barrier(WORKERS), threading.local()
    read_all = progress.read_all

    def look_together() -> list[Any]:
        rows = read_all()
        if not getattr(looked, "before", False):
            looked.before = True
            all_have_looked.wait(30)
        return rows

    monkeypatch.setattr(progress, "read_all", look_together)

    run_threads(lambda _worker: services.advance(limit=10, shard=0, shards=2), range(WORKERS), workers=WORKERS)
    assert list(Progress.objects.order_by("shard").values_list("shard", "shards")) == [(0, 2), (1, 2)]
