"""kill -9, again and again, under load by unmodified clients: nothing is lost, nothing counts twice, the sums are those of a
run that nobody disturbed.

LIEBIAN_KILLS says how many kills: 8 by default, 100 for a full run. LIEBIAN_SEED gives another course of events.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from tests.flows.installation import PARTS, Installation, installation, wait_for
from tests.flows.live import ROOT
from tests.flows.story import FOUND, N_REFERRERS, PREPARE, Story

pytestmark = pytest.mark.longest
N_KILLS = int(os.environ.get("LIEBIAN_KILLS", "8"))
SEED = int(os.environ.get("LIEBIAN_SEED", "20260601"))
EVENTS_PER_SECOND = 250
NODE_LIBRARY = ROOT / "node_modules" / "@segment" / "analytics-node"


class Teller:
    """A client in a process of its own."""

    def __init__(self, place: Installation, command: list[str], write_key: str) -> None:
        environment = {**place.environment, "NODE_PATH": str(ROOT / "node_modules")}
        self.process = subprocess.Popen(
            [*command, f"http://127.0.0.1:{place.port}", write_key], env=environment, cwd=ROOT, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        )  # fmt: skip

    def say(self, event: dict[str, Any]) -> None:
        """Amounts are cents here and money in the event."""
        if "cents" in event:
            said = {
                "order_id": event["order"],
                "total": event["cents"] / 100,
                "currency": "CNY",
                "refund_id": f"r{event['n']}",
            }
            event = {**event, "said": said}
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(event) + "\n")
        self.process.stdin.flush()

    def flush(self) -> None:
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write("flush\n")
        self.process.stdin.flush()
        assert self.process.stdout.readline() == "flushed\n"

    def finish(self) -> list[str]:
        """Waits until everything has arrived; what the client gave up."""
        out, _ = self.process.communicate(timeout=300)
        errors: list[str] = json.loads(out.splitlines()[-1])
        return errors


class Talking(threading.Thread):
    """People come and do things until `stop`, a few hundred events a second, every other person by the other client."""

    def __init__(self, story: Story, tellers: list[Teller], stop: threading.Event) -> None:
        super().__init__()
        self.story, self.tellers, self.stop = story, tellers, stop

    def run(self) -> None:
        begun, before = time.monotonic(), len(self.story.told)
        for event in self.story.first_orders():
            self.tellers[0].say(event)
        person = 0
        while not self.stop.is_set():
            for event in self.story.day_of(person):
                self.tellers[person % len(self.tellers)].say(event)
            person += 1
            ahead = (len(self.story.told) - before) / EVENTS_PER_SECOND - (time.monotonic() - begun)
            self.stop.wait(max(0.0, ahead))


@pytest.fixture
def place(tmp_path: Path) -> Any:
    with installation(tmp_path) as found:
        yield found


def test_kills_under_load_lose_nothing_and_double_nothing(place: Installation) -> None:
    known = place.run(PREPARE, str(N_REFERRERS))
    chance, story, stop = random.Random(SEED), Story(SEED, known["codes"]), threading.Event()
    place.start_all()
    tellers = [Teller(place, [sys.executable, str(ROOT / "tests/flows/python_teller.py")], known["keys"][0])]
    if (node := shutil.which("node")) and NODE_LIBRARY.exists():
        tellers.append(Teller(place, [node, str(ROOT / "tests/flows/node_teller.js")], known["keys"][1]))
    for event in story.sign_ups():
        tellers[0].say(event)
    tellers[0].flush()
    talking = Talking(story, tellers, stop)
    talking.start()
    try:
        for number in range(N_KILLS):
            stop.wait(chance.uniform(0.2, 1.5))
            place.kill_part(PARTS[number % len(PARTS)] if number < len(PARTS) else chance.choice(PARTS), chance.choice)
    finally:
        stop.set()
        talking.join()
    assert [teller.finish() for teller in tellers] == [[]] * len(tellers)
    found = wait_for(lambda: settled(place, known["programme"]), seconds=240, rest=1)
    assert found == story.expected()
    assert place.console.command("lake", "verify") == (0, {"problems": []})
    assert place.doctor() == {}
    code, said = place.command("replay")  # reads the log from zero into a second installation
    assert (code, said["equal"]) == (0, True), said


def settled(place: Installation, programme: int) -> dict[str, Any] | None:
    found: dict[str, Any] = place.run(FOUND, str(programme))
    return None if found["waiting"] else found
