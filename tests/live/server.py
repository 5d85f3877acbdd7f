"""`liebian serve` on loopback with a database of its own; it can be killed and started again at the same address."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

from tests.live import template
from tests.live.console import Console

ROOT = Path(__file__).resolve().parents[2]
COMMAND = [sys.executable, "-c", "from liebian.config.cli.main import run; run()"]
READ_LOG = """
import json
from liebian.events import queries
rows = queries.list_events_after(0, 1_000_000)
print(json.dumps([{"source": r.source, "type": r.type, "name": r.name, "user_id": r.user_id, "anonymous_id": r.anonymous_id,
    "at": r.at.isoformat(), "body": r.body, "personal": r.personal} for r in rows if r.source != "liebian"]))
"""
MAKE_SOURCE = """
import sys
from liebian.core import clock
from liebian.events import services
print(services.create_source(name=sys.argv[1], now=clock.now()).write_key)
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class LiveServer:
    url: str
    environment: dict[str, str]
    process: subprocess.Popen[bytes] | None = field(default=None)
    console: Console = field(init=False)

    def __post_init__(self) -> None:
        self.console = Console(self.environment)

    def start(self) -> None:
        """Starts the web server and returns once it answers."""
        self.process = subprocess.Popen([*COMMAND, "serve"], env=self.environment, cwd=ROOT, start_new_session=True)
        waiting = threading.Event()
        for _ in range(400):
            assert self.process.poll() is None, "the web server stopped while starting"
            try:
                with urllib.request.urlopen(self.url + "/healthz", timeout=1):
                    return
            except OSError:
                waiting.wait(0.1)
        raise AssertionError("the web server did not answer within 40 s")

    def kill(self) -> None:
        """kill -9, to the server and every process that it started."""
        if self.process is not None and self.process.poll() is None:
            os.killpg(self.process.pid, 9)
            self.process.wait(timeout=20)

    def add_source(self, name: str) -> str:
        """The write key of a new source."""
        return self.console.run(MAKE_SOURCE, name).strip()

    def read_log(self, source: str) -> list[dict[str, Any]]:
        """Every event of the source, in the order of the log."""
        return [row for row in self.console.ask(READ_LOG) if row["source"] == source]


@contextmanager
def live_server(home: Path) -> Iterator[LiveServer]:
    """On SQLite in `home`, or, where DATABASE_URL is set, in a new database of that PostgreSQL."""
    port = free_port()
    environment = {
        **os.environ, "LIEBIAN_HOME": str(home), "PORT": str(port), "HOST": "127.0.0.1",
        "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT / 'analytics' / 'src'}", "DJANGO_SETTINGS_MODULE": "liebian.config.settings",
    }  # fmt: skip
    with _database(port) as address:
        if address:
            environment["DATABASE_URL"] = address
        else:
            template.fill_folder(home)
        server = LiveServer(f"http://127.0.0.1:{port}", environment)
        server.start()
        try:
            yield server
        finally:
            server.kill()
            server.console.close()


@contextmanager
def _database(mark: int) -> Iterator[str]:
    wanted = os.environ.get("DATABASE_URL", "")
    if not wanted:
        yield ""
        return
    name = f"liebian_live_{os.getpid()}_{mark}"
    try:
        yield template.create_database(wanted, name)
    finally:
        with psycopg.connect(wanted, autocommit=True) as connection:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
