"""A whole installation in a folder of its own, web and worker as users run them, for tests that do it harm."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg

from tests.flows.live import CODE, ROOT, Live
from tests.live import template

PARTS = ("web", "worker", "worker's parent", "lane")


class Installation(Live):
    """Web and worker; `process` is the web server, `worker` the parent of the lanes."""

    def __init__(self, home: Path, database_url: str | None, *, is_made: bool = False) -> None:
        super().__init__(home, database_url, is_made=is_made)
        self.home = home
        self.worker: Any = None

    def start_worker(self) -> None:
        self.worker = subprocess.Popen(
            [sys.executable, "-c", CODE, "worker"], env=self.environment, cwd=ROOT, start_new_session=True,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip

    def start_all(self) -> None:
        self.start()
        self.start_worker()

    def lanes(self) -> list[int]:
        """Process ids of the lanes of the worker that was started last."""
        found = Path(f"/proc/{self.worker.pid}/task/{self.worker.pid}/children")
        return [int(pid) for pid in found.read_text().split()] if found.exists() else []

    def kill_part(self, part: str, pick: Callable[[list[int]], int]) -> None:
        """kill -9 to one of PARTS; what no parent starts again is started again."""
        if part == "web":
            self.kill()
            self.start()
        elif part == "lane":
            if lanes := self.lanes():
                with suppress(ProcessLookupError):
                    os.kill(pick(lanes), signal.SIGKILL)
        else:
            if part == "worker":
                os.killpg(self.worker.pid, signal.SIGKILL)
            else:
                os.kill(self.worker.pid, signal.SIGKILL)
            self.worker.wait(timeout=30)
            self.start_worker()

    def stop_worker(self) -> None:
        if self.worker is not None and self.worker.poll() is None:
            self.worker.send_signal(signal.SIGTERM)
            self.worker.wait(timeout=40)

    def end(self) -> None:
        self.console.close()
        if self.process is not None and self.process.poll() is None:
            self.kill()
        if self.worker is not None:
            with suppress(ProcessLookupError):
                os.killpg(self.worker.pid, signal.SIGKILL)
            self.worker.wait(timeout=30)

    def run(self, code: str, *arguments: str) -> Any:
        """What a script with Django prints as JSON on its last line."""
        return self.console.ask(code, *arguments)

    def command(self, *arguments: str) -> tuple[int, Any]:
        """(exit code, JSON) of `liebian …`."""
        done = subprocess.run(
            [sys.executable, "-c", CODE, *arguments, "--json"], env=self.environment, cwd=ROOT, capture_output=True, text=True,
            timeout=300,
        )  # fmt: skip
        assert done.stdout.strip(), done.stderr[-3000:]
        return done.returncode, json.loads(done.stdout)

    def doctor(self) -> dict[str, str]:
        """What `liebian doctor` finds wrong, by name; empty when all is well. Its exit code must say the same."""
        code, said = self.console.command("doctor")
        # How full this machine's disk is and whether pages were built for it is not what the tests are about.
        wrong = {one["name"]: one["words"] for one in said["findings"] if not one["ok"]}
        assert code == (1 if wrong else 0)
        return {name: words for name, words in wrong.items() if name not in {"disk", "static files"}}


@contextmanager
def installation(home: Path, database_url: str | None = None) -> Iterator[Installation]:
    """On SQLite in `home`, or in a new database of the PostgreSQL of DATABASE_URL, or at the address that is given."""
    server = os.environ.get("DATABASE_URL") if database_url is None else ""
    name = f"survive_{uuid.uuid4().hex[:12]}"
    if server:
        database_url = template.create_database(server, name)
    place = Installation(home, database_url or None, is_made=bool(server))
    try:
        yield place
    finally:
        place.end()
        if server:
            _run_sql(server, f"DROP DATABASE {name} WITH (FORCE)")


def wait_for(condition: Callable[[], Any], seconds: float = 60.0, rest: float = 0.05) -> Any:
    """The first answer that is true."""
    waiting, deadline = threading.Event(), time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := condition():
            return found
        waiting.wait(rest)
    raise AssertionError(f"it did not happen within {seconds:g} s: {condition()}")


def _run_sql(url: str, statement: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statement)
