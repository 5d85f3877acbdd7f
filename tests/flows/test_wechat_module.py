"""The mini-programme module in Node: a stand-in for `wx`, a real server. WeChat's own tool was not there to run it in."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.live.server import ROOT, LiveServer, live_server

Play = Callable[..., dict[str, Any]]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    with live_server(tmp_path_factory.mktemp("home")) as found:
        yield found


@pytest.fixture
def play(server: LiveServer, request: pytest.FixtureRequest, tmp_path: Path) -> Play:
    """Runs a scenario on one phone: what it answers, what the phone keeps, what was sent, and what the log says then."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("needs Node")
    source = request.node.name
    key = server.add_source(source)

    def run(scenario: str) -> dict[str, Any]:
        environment = {**os.environ, "HOST": server.url, "WRITE_KEY": key, "STATE": str(tmp_path / "phone.json")}
        done = subprocess.run(
            [node, ROOT / "tests/live/wechat_programme.js", scenario], env=environment, capture_output=True, text=True, timeout=60
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return {**json.loads(done.stdout), "log": server.read_log(source)}

    return run


def names(played: dict[str, Any]) -> list[tuple[str, str]]:
    return [(row["type"], row["name"]) for row in played["log"]]


def test_the_same_calls_as_on_the_web(play: Play) -> None:
    played = play("calls")
    assert names(played) == [
        ("page", "Home"), ("identify", ""), ("track", "Product Added"), ("group", ""), ("alias", ""), ("track", "After"),
    ]  # fmt: skip
    page, identify, added, group, alias, after = played["log"]
    assert page["body"]["context"]["campaign"] == {"source": "poster", "name": "spring"}
    assert page["body"]["context"]["wechat"] == {"scene": 1047, "path": "pages/home"}
    assert page["body"]["context"]["locale"] == "zh_CN"
    assert identify["personal"] == {"openid": "o-1", "unionid": "n-1"}
    assert identify["body"]["traits"] == {"city": "杭州"}
    assert added["body"]["properties"] == {"product_id": "T01", "price": 168}
    assert (group["body"]["group_id"], group["body"]["traits"]) == ("club", {"level": 2})
    assert (alias["user_id"], alias["body"]["previous_id"]) == ("u2", "u1")
    assert [row["user_id"] for row in played["log"]] == [None, "u1", "u1", "u1", "u2", None]
    assert page["anonymous_id"] == alias["anonymous_id"] != after["anonymous_id"] == played["phone"]["liebian:id"]
    assert "secret" not in json.dumps(played["sent"])


def test_watching_leaves_the_programmes_own_hooks_as_they_are(play: Play) -> None:
    played = play("watch")
    assert played["answer"] == {"seen": [["app", 1007], ["page", "pages/tea"], ["away"]], "answer": "own"}
    assert names(played) == [
        ("track", "Application Opened"), ("page", "pages/tea"), ("page", "pages/cart"), ("track", "Application Backgrounded"),
    ]  # fmt: skip
    assert played["log"][1]["body"]["context"]["campaign"] == {"medium": "friend"}


def test_what_happens_offline_arrives_later_once_and_in_order(play: Play) -> None:
    played = play("offline")
    assert [row["body"]["properties"]["n"] for row in played["log"]] == list(range(150))
    assert played["answer"] == {"largest": 100}


def test_the_queue_outlives_the_programme(play: Play) -> None:
    assert play("closed")["answer"] == {"waiting": 1}
    played = play("reopened")
    assert [row["body"]["properties"]["n"] for row in played["log"]] == [1, 2]
    assert len({row["anonymous_id"] for row in played["log"]}) == 1


def test_retry_after_is_honoured(play: Play) -> None:
    played = play("busy")
    assert played["answer"]["waited"] >= 900
    assert played["answer"]["requests"] == 2
    assert names(played) == [("track", "Waits")]


def test_one_message_that_is_refused_does_not_hold_up_the_others(play: Play) -> None:
    assert [row["body"]["properties"]["n"] for row in play("refused")["log"]] == [1, 2]


def test_nothing_is_stored_or_sent_before_consent(play: Play) -> None:
    played = play("required")
    assert played["answer"] == {"before": {"requests": 0, "stored": []}, "after": {"requests": 1, "stored": []}}
    assert names(played) == [("track", "Before")]
    assert played["log"][0]["anonymous_id"]


def test_wechats_own_privacy_guide_can_be_the_consent(play: Play) -> None:
    played = play("wechat")
    assert played["answer"] == {"before": {"requests": 0, "stored": []}}
    assert names(played) == [("track", "Before")]


def test_the_queue_is_bounded_by_number_and_by_size(play: Play) -> None:
    answer = play("bounded")["answer"]
    assert answer["many"] == 500
    assert answer["bytes"] < 1024 * 1024


def test_no_call_throws_into_the_programme(play: Play) -> None:
    assert play("unharmed")["answer"] == "the programme goes on"
