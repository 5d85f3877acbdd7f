"""Whatever is sent: never a failure of ours, every refusal with its reason, and no stage stands still over what was taken.

LIEBIAN_FUZZ says how many requests: 1,500 by default, 10,000 for a full run. LIEBIAN_FUZZ_SEED makes other ones.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from liebian.config import business_day, jobs
from liebian.config.cli import lake as lake_commands
from liebian.core import clock
from liebian.core.cursors import drain
from liebian.events.openapi import CODES, NOTE_CODES, describe
from liebian.events.queries import get_log_end
from liebian.events.services import create_source
from liebian.events.tests.client import Answer, TrackingClient, basic
from liebian.pipeline import queries as pipeline
from liebian.pipeline.services import UNITS, walk
from tests.flows.fuzzing import Fuzzer, Request

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)
N_REQUESTS = int(os.environ.get("LIEBIAN_FUZZ", "1500"))
N_AT_ONCE = 20
N_PARTS = 2
SEED = int(os.environ.get("LIEBIAN_FUZZ_SEED", "20260601"))
ADDRESSES = sorted(describe()["paths"])


@pytest.fixture
def tracking(transactional_db: None) -> Iterator[TrackingClient]:
    client = TrackingClient()
    yield client
    client.close()


@pytest.fixture
def source(settings: Any, tmp_path: Any) -> Any:
    settings.LAKE_URL = str(tmp_path / "lake")
    return create_source(name="fuzz", now=clock.now())


def judge(request: Request, answer: Any) -> str:
    """What the answer says in one word; it must be one of those that the document knows."""
    assert answer.status < 500, (answer.status, answer.body, request.shown())
    if answer.status == 204:
        return "options"
    said = answer.json()
    if answer.status == 200:
        assert {note["code"] for note in said.get("messages", [])} <= set(NOTE_CODES), (said, request.shown())
        assert all(note["message"] for note in said.get("messages", []))
        return "taken"
    assert said["error"]["code"] in CODES[answer.status], (said, request.shown())
    assert said["error"]["message"].strip(), request.shown()
    return str(said["error"]["code"])


def catch_up() -> None:
    """The stages as the worker walks them, with the pauses after failures passed by the clock; then the lake."""
    now = clock.now()
    for _ in range(500):
        business_day.start_day(now)
        now += timedelta(seconds=90)
        if not walk(UNITS, now=now) and not any(unit.error for unit in pipeline.list_units(UNITS, now=now)):
            break
    drain(lambda: jobs.publish_lake(now))
    units = pipeline.list_units(UNITS, now=now)
    assert [(unit.name, unit.behind, unit.error) for unit in units if unit.behind or unit.error] == []
    assert [(aside.event_id, aside.error) for aside in pipeline.list_set_aside()] == []
    lake_commands.verify(json=False)


@pytest.mark.parametrize("part", range(N_PARTS))
def test_the_corpus_is_answered_and_the_stages_go_on(tracking: TrackingClient, source: Any, part: int) -> None:
    fuzzer = Fuzzer(SEED + part, source.write_key)
    said: Counter[str] = Counter()
    left = N_REQUESTS * 8 // 10 // N_PARTS
    while left > 0:
        asked = [fuzzer.request() for _ in range(min(N_AT_ONCE, left))]
        left -= len(asked)
        begun = [
            tracking.begin(one.method, one.path, one.body, **{"content_type": "application/json", **one.headers})
            for one in asked
        ]
        said.update(judge(one, future.result(timeout=60)) for one, future in zip(asked, begun, strict=True))
    assert get_log_end() > 0
    assert len(said) > 10, said  # it reached many different refusals
    assert said["taken"] > sum(said.values()) // 10, said
    catch_up()


@pytest.mark.parametrize("path", ADDRESSES)
def test_every_answer_is_as_the_document_says(tracking: TrackingClient, source: Any, path: str) -> None:
    from tests.flows.conformance import (
        check_address,
    )  # takes seconds to load and to make its cases: where they are asked

    def ask(request: Request) -> Answer:
        headers = {**request.headers, "authorization": basic(source.write_key)}
        answer = tracking.ask(request.method, request.path, request.body, **headers)
        judge(request, answer)
        return answer

    check_address(path, ask, seed=SEED, max_examples=N_REQUESTS * 2 // 10 // len(ADDRESSES))


def test_the_document_is_served_to_everybody(tracking: TrackingClient) -> None:
    answer = tracking.ask("GET", "/v1/openapi.json")
    assert (answer.status, answer.headers["content-type"]) == (200, "application/json")
    assert answer.json() == describe()
    assert tracking.ask("POST", "/v1/openapi.json").status == 405
