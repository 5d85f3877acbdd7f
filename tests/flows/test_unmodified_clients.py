"""The libraries that shops already have, as they come from PyPI and npm, against a server on loopback.

Both send 1,000 events in three parts. Between the second and the third the server may be killed and started again: the
clients know nothing of it and repeat by themselves.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from segment.analytics import Client

from tests.live.server import ROOT, LiveServer, live_server

NODE_LIBRARY = ROOT / "node_modules" / "@segment" / "analytics-node"
PARTS = [range(400), range(400, 700), range(700, 1000)]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    with live_server(tmp_path_factory.mktemp("home")) as found:
        yield found


def fields(n: int) -> dict[str, Any]:
    return {"n": n, "price": 1.5, "名称": "明前龙井", "nested": {"list": [1, "two", None]}}


def disturb(server: LiveServer, is_killed: bool) -> None:
    if is_killed:
        server.kill()
        server.start()


def is_screen(n: int) -> bool:
    """Of what is looked at, every other one is a screen of an app."""
    return n % 10 == 7


def send_from_python(client: Client, n: int) -> None:
    who = {"user_id": f"u{n % 50}"} if n % 3 else {"anonymous_id": f"a{n % 50}"}
    when = datetime.now(UTC) - timedelta(hours=1) + timedelta(seconds=n)
    match n % 5:
        case 0:
            client.identify(**who, timestamp=when, traits={**fields(n), "email": f"u{n}@example.com"})
        case 1:
            client.track(**who, timestamp=when, event="Product Viewed", properties=fields(n))
        case 2:
            view = client.screen if is_screen(n) else client.page
            view(**who, timestamp=when, name="Tea", category="Shop", properties=fields(n))
        case 3:
            client.group(**who, timestamp=when, group_id=f"g{n}", traits=fields(n))
        case 4:
            client.alias(user_id=f"u{n % 50}", previous_id=f"a{n}", timestamp=when, context={"n": n})


def expected(n: int) -> dict[str, Any]:
    """What the log must say of event n, whoever sent it."""
    kind = "screen" if is_screen(n) else ["identify", "track", "page", "group", "alias"][n % 5]
    known = n % 3 or kind == "alias"
    return {
        "type": kind,
        "name": {"track": "Product Viewed", "page": "Tea", "screen": "Tea"}.get(kind, ""),
        "user_id": f"u{n % 50}" if known else None,
        "anonymous_id": None if known else f"a{n % 50}",
        "personal": {"email": f"u{n}@example.com"} if kind == "identify" else {},
        "fields": {"n": n} if kind == "alias" else fields(n),
        "more": {
            "group": {"group_id": f"g{n}"}, "alias": {"previous_id": f"a{n}"}, "page": {"category": "Shop"}, "screen": {"category": "Shop"},
        }.get(kind, {}),
    }  # fmt: skip


def told(row: dict[str, Any]) -> dict[str, Any]:
    body = row["body"]
    place = {"identify": "traits", "group": "traits", "alias": "context"}.get(row["type"], "properties")
    found = body[place] if place != "context" else {"n": body["context"]["n"]}
    if row["type"] in {"page", "screen"}:
        found.pop("category", None)  # the library for Node says it here too
    more = {name: body[name] for name in ("group_id", "previous_id", "category") if name in body}
    return {name: row[name] for name in ("type", "name", "user_id", "anonymous_id", "personal")} | {
        "fields": found, "more": more,
    }  # fmt: skip


def check(rows: list[dict[str, Any]]) -> None:
    """Every event once, with what it said and when it said it happened."""
    found = [told(row) for row in rows]
    times = Counter(row["fields"]["n"] for row in found)
    assert [n for n in range(1000) if times[n] != 1] == []
    assert sorted(found, key=lambda row: row["fields"]["n"]) == [expected(n) for n in range(1000)]
    ordered = sorted(rows, key=lambda row: told(row)["fields"]["n"])
    first = datetime.fromisoformat(ordered[0]["at"])
    for n, row in enumerate(ordered):
        drift = datetime.fromisoformat(row["at"]) - first - timedelta(seconds=n)
        assert abs(drift) < timedelta(seconds=60), (n, row["at"])


@pytest.mark.parametrize("is_killed", [False, True], ids=["undisturbed", "killed"])
@pytest.mark.parametrize("gzip", [False, True], ids=["plain", "gzip"])
def test_segment_analytics_for_python(server: LiveServer, gzip: bool, is_killed: bool) -> None:
    source = f"python-{gzip}-{is_killed}"
    errors: list[Any] = []
    client = Client(
        server.add_source(source), host=server.url, gzip=gzip, upload_size=20, upload_interval=0.1,
        on_error=lambda error, batch: errors.append((error, len(batch))),
    )  # fmt: skip
    for number, part in enumerate(PARTS):
        for n in part:
            send_from_python(client, n)
        if number == 0:
            client.flush()
        if number == 1:
            disturb(server, is_killed)
    client.shutdown()
    assert errors == []
    check(server.read_log(source))


@pytest.mark.parametrize("is_killed", [False, True], ids=["undisturbed", "killed"])
def test_segment_analytics_for_node(server: LiveServer, is_killed: bool) -> None:
    node = shutil.which("node")
    if node is None or not NODE_LIBRARY.exists():
        pytest.skip("needs Node and the packages of package-lock.json (`npm ci`)")
    source = f"node-{is_killed}"
    environment = {
        **os.environ,
        "HOST": server.url,
        "WRITE_KEY": server.add_source(source),
        "NODE_PATH": str(ROOT / "node_modules"),
    }
    process = subprocess.Popen(
        [node, ROOT / "tests/live/node_client.js"], env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdin
    assert process.stdout
    with process:
        for n_sent in (400, 700, 1000):
            assert process.stdout.readline().strip() == f"sent {n_sent}"
            if n_sent == 700:
                disturb(server, is_killed)
            process.stdin.write("go on\n")
            process.stdin.flush()
        assert json.loads(process.stdout.readline()) == []
    check(server.read_log(source))
