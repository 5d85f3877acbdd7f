"""The tracking API behind the real server: killed under load, stopped under load, beside Django's pages."""

from __future__ import annotations

import gzip
import json
import threading
from collections import Counter

import pytest

from liebian.events.tests.client import basic
from tests.flows.installation import installation

SENDERS = 4


@pytest.fixture
def live(tmp_path):
    with installation(tmp_path) as found:
        yield found


class Sender(threading.Thread):
    """Sends batch after batch until told to stop; keeps what was answered with 200 and what got no answer."""

    def __init__(self, live, number, stop):
        super().__init__()
        self.live, self.number, self.stop = live, number, stop
        self.answered, self.unanswered = [], []

    def run(self):
        batch = 0
        while not self.stop.is_set():
            batch += 1
            names = [f"{self.number}-{batch}-{n}" for n in range(1 + batch % 40)]
            try:
                status, _body = send(self.live, names)
            except OSError:
                self.unanswered += names
                self.stop.wait(0.02)
                continue
            (self.answered if status == 200 else self.unanswered).extend(names)


def send(live, names):
    messages = [
        {"type": "track", "event": name, "userId": "u", "messageId": name, "timestamp": "2026-06-01T00:00:00Z"}
        for name in names
    ]
    body = gzip.compress(json.dumps({"batch": messages}).encode(), 1)
    return live.ask(
        "POST",
        "/v1/batch",
        body,
        authorization=basic(live.write_key),
        content_type="application/json",
        content_encoding="gzip",
    )


def under_load(live, *endings):
    """Load, then each ending in turn, each followed by a new start."""
    stop = threading.Event()
    senders = [Sender(live, number, stop) for number in range(SENDERS)]
    live.start()
    for sender in senders:
        sender.start()
    for end in endings:
        before = sum(len(sender.answered) for sender in senders)
        while sum(len(sender.answered) for sender in senders) < before + 300:
            stop.wait(0.01)
        end()
        live.start()
    stop.set()
    for sender in senders:
        sender.join()
    return [n for s in senders for n in s.answered], [n for s in senders for n in s.unanswered]


def test_what_was_answered_is_there_exactly_once_after_a_kill(live):
    answered, unanswered = under_load(live, live.kill, live.kill)
    live.kill()
    kept = Counter(live.look()["names"])
    assert [name for name in answered if kept[name] != 1] == []
    assert set(kept) <= {*answered, *unanswered}
    assert set(kept.values()) == {1}
    live.start()
    for start in range(0, len(unanswered), 100):  # a client sends again what was not answered
        assert send(live, unanswered[start : start + 100])[0] == 200
    live.stop()
    assert Counter(live.look()["names"]) == Counter([*answered, *unanswered])


def test_a_stop_loses_neither_events_nor_counts(live):
    answered, unanswered = under_load(live, live.stop)
    live.stop()
    seen = live.look()
    assert set(answered) <= set(seen["names"]) <= {*answered, *unanswered}
    assert seen["counted"] == len(seen["names"])


def test_pages_and_uploads_go_through_the_same_server(live):
    live.start("--threads", "2")
    status, page = live.ask("GET", "/login", accept_language="en")
    assert (status, b"<form" in page) == (200, True)
    connection = live.connect()
    connection.request("GET", "/login")
    first = connection.getresponse()
    cookie = first.headers["Set-Cookie"].split(";")[0]
    first.read()
    form = b"csrfmiddlewaretoken=" + cookie.split("=")[1].encode() + b"&username=a&password=" + b"x" * 300_000
    connection.request("POST", "/login", form, {"Cookie": cookie, "Content-Type": "application/x-www-form-urlencoded"})
    answer = connection.getresponse()
    assert (answer.status, b"<form" in answer.read()) == (422, True)  # read whole: the form refuses, not the guard
    assert live.ask("GET", "/v1/unknown")[0] == 404
    status, said = live.ask("POST", "/v1/track", b"x" * 600_000, content_type="application/json")
    assert (status, json.loads(said)["error"]["code"]) == (413, "body_too_large")
    assert send(live, ["a"])[0] == 200
