"""Workers in processes of their own that begin at the same moment. Not a benchmark itself."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterable, Sequence


def wait_for_the_others() -> None:
    """In a worker: everything is ready, go on when all are."""
    print("ready", flush=True)
    sys.stdin.readline()


def run_together(commands: Iterable[Sequence[str]]) -> tuple[float, list[str]]:
    """Seconds on the clock from the common start to the last worker's answer, and the line with which each answered."""
    workers = [
        subprocess.Popen(list(command), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for command in commands
    ]
    for worker in workers:
        assert worker.stdout and worker.stdout.readline() == "ready\n"
    began = time.perf_counter()
    for worker in workers:
        assert worker.stdin
        worker.stdin.write("go\n")
        worker.stdin.flush()
    answers = [worker.stdout.readline().strip() for worker in workers if worker.stdout]
    taken = time.perf_counter() - began
    for worker in workers:
        worker.wait(30)
    return taken, answers
