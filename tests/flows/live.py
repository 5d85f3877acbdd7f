"""A server of this installation's own in a folder of its own, on a port of the loopback, for tests that kill it."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

from tests.live import template
from tests.live.console import Console

ROOT = Path(__file__).resolve().parents[2]
CODE = "from liebian.config.cli.main import run; run()"
PREPARE = """
from liebian.events.services import ensure_source
from liebian.core import clock
print(ensure_source(name="live", now=clock.now()).write_key)
"""
COUNT = """
import json
from liebian.events.models import Event, SourceDay
from django.db.models import Sum
names = list(Event.objects.values_list("name", flat=True))
print(json.dumps({"names": names, "counted": SourceDay.objects.aggregate(n=Sum("accepted"))["n"] or 0}))
"""


class Live:
    def __init__(self, home: Path, database_url: str | None, *, is_made: bool = False) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self.environment = {
            **os.environ, "LIEBIAN_HOME": str(home), "PORT": str(self.port), "HOST": "127.0.0.1",
            "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT / 'analytics' / 'src'}",
            "DJANGO_SETTINGS_MODULE": "liebian.config.settings", "DATABASE_URL": database_url or "",
        }  # fmt: skip
        if not database_url:
            template.fill_folder(home)
        elif not is_made:
            self._command("-c", CODE, "migrate")
        self.console = Console(self.environment)
        self.write_key = self.console.run(PREPARE).strip()
        self.process: Any = None

    def _command(self, *arguments: str) -> str:
        made = subprocess.run(
            [sys.executable, *arguments], env=self.environment, cwd=ROOT, check=True, capture_output=True, timeout=120
        )
        return made.stdout.decode()

    def start(self, *more: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", CODE, "serve", *more], env=self.environment, cwd=ROOT, start_new_session=True
        )
        waiting = threading.Event()
        for _ in range(600):
            assert self.process.poll() is None, "the server stopped while starting"
            try:
                if self.ask("GET", "/healthz")[0] == 200:
                    return
            except OSError:
                waiting.wait(0.1)
        raise AssertionError("the server did not answer within 60 s")

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=30)

    def kill(self) -> None:
        """kill -9 to the server and all of its processes, in the middle of whatever they do."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(timeout=30)

    def connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)

    def ask(self, method: str, path: str, body: bytes | None = None, **headers: str) -> tuple[int, bytes]:
        connection = self.connect()
        try:
            connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def look(self) -> dict[str, Any]:
        """What is in the log: the names of its events, and how many were counted."""
        found: dict[str, Any] = self.console.ask(COUNT)
        return found
