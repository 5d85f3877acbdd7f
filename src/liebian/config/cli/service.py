"""liebian run, serve, worker, migrate, doctor: starting an installation and looking after it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
import urllib.request

from django.conf import settings
from django.db import connections
from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels

from liebian.config import business_day, env
from liebian.config.cli.first_login import FIRST_ADMIN, first_password
from liebian.config.cli.root import app
from liebian.config.demo.play import fill_if_empty
from liebian.config.doctor import ask_directly, examine
from liebian.config.replay import check_replay
from liebian.config.schema import bring_up_to_date
from liebian.config.starting import start_child, wait_until_free, watch_parent
from liebian.config.terminal import console, errors, print_json
from liebian.config.worker import LANES, NICENESS, command_of, lanes_of, run_lane, supervise
from liebian.core import clock, wal
from liebian.core.errors import Invalid
from liebian.core.texts import mark as _


@app.command
def migrate(*, json: bool = False) -> None:
    """Bring the databases to this version. Safe to run again."""
    bring_up_to_date()
    if json:
        print_json({"migrated": list(settings.DATABASES)})


@app.command
def serve(*, workers: int = 1, threads: int = 4) -> None:
    """Run the web server (HOST, PORT).

    Parameters
    ----------
    workers
        Processes. One is right on SQLite; one per core on PostgreSQL.
    threads
        Threads that answer pages, in each process.
    """
    wait_until_free(env.HOST.value, int(env.PORT.value))
    os.environ[env.PAGE_THREADS.name] = str(threads)
    server = Granian(
        "liebian.config.asgi:application", address=env.HOST.value, port=int(env.PORT.value), interface=Interfaces.ASGI,
        workers=workers, log_level=LogLevels.warning, log_access=False, websockets=False,
    )  # fmt: skip
    server.serve()


@app.command
def worker(*, workers: int = 1, lane: str | None = None) -> None:
    """Run the background jobs until Ctrl-C.

    Parameters
    ----------
    workers
        Processes that read the log. One on SQLite; up to one per core on PostgreSQL, with LIEBIAN_SHARDS of the same number.
    lane
        Run this lane alone, in this process: stages or background.
    """
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    if lane is None:
        connections.close_all()
        supervise([command_of(name) for name in lanes_of(workers)], stop)
        return
    if lane not in LANES:
        raise Invalid(
            "unknown_lane", _("There is no lane called %(lane)s. The lanes are %(known)s."), lane=lane, known=[*LANES]
        )
    if not sys.stdin.isatty():
        watch_parent(stop.set)
    os.nice(NICENESS[lane])
    run_lane(lane, stop, between=wal.keep_short(stop) if lane == "stages" else None)


@app.command
def accept_clock(*, json: bool = False) -> None:
    """Say that the clock is right: although it jumped ahead by more than a year, or at once after it was ahead."""
    written = business_day.accept_clock(clock.now())
    if json:
        print_json({"days": written})


@app.command(name="run")
def run_all(*, demo: bool = True) -> None:
    """Migrate, fill an empty installation with the demo shop, start web and worker, say where and how to log in.

    Parameters
    ----------
    demo
        --no-demo leaves an empty installation empty.
    """
    wait_until_free(env.HOST.value, int(env.PORT.value))
    migrate()
    password = first_password()
    if demo:
        fill_if_empty(quiet=False)
    children = [start_child(name) for name in ("serve", "worker")]
    stopping = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopping.set())
    try:
        if _wait_until_up(children, stopping):
            _say_where(password)
        while not stopping.is_set() and all(child.poll() is None for child in children):
            stopping.wait(0.3)
    finally:
        code = _stop(children)
    if not stopping.is_set():
        errors.print("[red]Web or worker stopped by itself. The lines above say why.[/red]")
        sys.exit(code or 1)
    console.print("Stopped. All data is kept; `make run` starts again.")


def _address() -> str:
    host = env.HOST.value
    return f"http://{'127.0.0.1' if host in {'0.0.0.0', '::'} else host}:{env.PORT.value}/"  # noqa: S104 - compared, not bound


def _wait_until_up(children: list[subprocess.Popen[bytes]], stopping: threading.Event) -> bool:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and not stopping.is_set():
        if any(child.poll() is not None for child in children):
            return False
        try:
            with urllib.request.urlopen(_address() + "healthz", timeout=2):  # noqa: S310 - our own address
                return True
        except OSError:
            stopping.wait(0.2)
    return False


def _say_where(password: str | None) -> None:
    console.print(f"\nLiebian is running at [bold]{_address()}[/bold]")
    if password:
        console.print(
            f"Log in as [bold]{FIRST_ADMIN}[/bold] with password [bold]{password}[/bold] (change it under your name)"
        )
    else:
        console.print(f"Log in with your password; `.venv/bin/liebian user reset {FIRST_ADMIN}` makes a new one")
    console.print(f"Data: {settings.HOME}    Ctrl-C stops.\n")


def _stop(children: list[subprocess.Popen[bytes]]) -> int:
    for child in children:
        if child.poll() is None:
            child.send_signal(signal.SIGTERM)
    codes = []
    for child in children:
        try:
            codes.append(child.wait(timeout=15))
        except subprocess.TimeoutExpired:
            child.kill()
            codes.append(child.wait())
    return next((code for code in codes if code), 0)


@app.command
def doctor(*, json: bool = False) -> None:
    """Say what is configured, reachable and behind. Exit code 1 when something needs a person."""
    ask_directly()
    findings = examine(clock.now())
    if json:
        print_json({"ok": all(f.ok for f in findings), "findings": [f.as_dict() for f in findings]})
    else:
        for finding in findings:
            mark = "[green]✓[/green]" if finding.ok else "[red]✗[/red]"
            console.print(f"{mark} {finding.name}: {finding.words}")
    if not all(f.ok for f in findings):
        sys.exit(1)


@app.command
def replay(*, part: list[str] | None = None, json: bool = False) -> None:
    """Read the log from zero beside this installation and compare people, orders, tiers, referrals, rewards, balances.

    Changes nothing here. Exit code 1 when anything differs.

    Parameters
    ----------
    part
        Compare this part only; can be given several times. The log is read whole all the same.
    """
    found = check_replay(part or ())
    if json:
        print_json({"equal": all(one.equal for one in found), "parts": [one.as_dict() for one in found]})
    else:
        for one in found:
            mark = "[green]✓[/green]" if one.equal else "[red]✗[/red]"
            console.print(f"{mark} {one.name}: {one.rows:,} rows {one.first_difference}")
    if not all(one.equal for one in found):
        sys.exit(1)
