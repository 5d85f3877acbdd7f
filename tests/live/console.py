"""One Python with Django beside an installation that runs scripts for tests: starting one anew costs a second each time."""

from __future__ import annotations

import json
import selectors
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
LOOP = """
import contextlib, io, json, os, sys, traceback
import django
django.setup()
from django.db import connections
say = os.fdopen(os.dup(1), "w")
for line in sys.stdin:
    code, sys.argv = json.loads(line)
    printed, wrong = io.StringIO(), ""
    try:
        with contextlib.redirect_stdout(printed):
            exec(code, {"__name__": "__console__"})
    except SystemExit as end:  # it had nothing more to say, or something went wrong
        wrong = f"exit {end.code}" if end.code else ""
    except BaseException:
        wrong = traceback.format_exc()
    for connection in connections.all(initialized_only=True):  # nothing stays open in a database that is about to be harmed
        connection.close()
        if connection.vendor == "postgresql":
            connection.close_pool()
    say.write(json.dumps([printed.getvalue(), wrong]) + "\\n")
    say.flush()
os._exit(0)  # Arrow's threads may abort an interpreter that takes its time to end
"""

COMMAND = """
import json
from liebian.config.cli.main import run
code = 0
try:
    run()
except SystemExit as end:
    code = end.code or 0
print(json.dumps(code))
"""


class Console:
    def __init__(self, environment: dict[str, str]) -> None:
        self.environment = environment
        self._process: subprocess.Popen[str] | None = None

    def run(self, code: str, *arguments: str, seconds: float = 180.0) -> str:
        """What the script prints. What it raises fails the test; when it takes too long, the console begins anew."""
        process = self._started()
        assert process.stdin is not None and process.stdout is not None
        process.stdin.write(json.dumps([code, ["console", *arguments]]) + "\n")
        process.stdin.flush()
        with selectors.DefaultSelector() as waiting:
            waiting.register(process.stdout, selectors.EVENT_READ)
            if not waiting.select(seconds):
                self.close()
                raise AssertionError(f"a script took longer than {seconds:g} s")
        answer = process.stdout.readline()
        assert answer, "the console ended"
        printed, wrong = json.loads(answer)
        assert not wrong, wrong[-3000:]
        return str(printed)

    def ask(self, code: str, *arguments: str) -> Any:
        """What the script prints as JSON on its last line."""
        return json.loads(self.run(code, *arguments).splitlines()[-1])

    def command(self, *arguments: str) -> tuple[int, Any]:
        """(exit code, JSON) of `liebian …`, for what is asked again and again: it starts no process of its own."""
        *_, said, code = self.run(COMMAND, *arguments, "--json").splitlines()
        return int(code), json.loads(said)

    def close(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait(timeout=20)
            self._process = None

    def _started(self) -> subprocess.Popen[str]:
        if self._process is None or self._process.poll() is not None:
            self._process = subprocess.Popen(
                [sys.executable, "-c", LOOP], env=self.environment, cwd=ROOT, text=True,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            )  # fmt: skip
        return self._process
