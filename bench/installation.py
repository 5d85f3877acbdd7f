"""A temporary installation for the benchmarks: its own folder or an empty database, web and worker as users run them.

Not a benchmark itself. Everything started here stops with the block, also after an error.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
COMMAND = [sys.executable, "-c", "from liebian.config.cli.main import run; run()"]
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass
class Installation:
    home: Path
    port: int
    environment: dict[str, str]
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def run(self, *arguments: str) -> None:
        subprocess.run([*COMMAND, *arguments], env=self.environment, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)

    def start(self, name: str, *arguments: str) -> None:
        """Start `liebian serve` or `liebian worker` and, for the web, wait until it answers."""
        self.processes[name] = subprocess.Popen(
            [*COMMAND, *arguments], env=self.environment, cwd=ROOT, stdin=subprocess.PIPE
        )
        if arguments[0] == "serve":
            self.wait_until_up()

    def wait_until_up(self) -> None:
        for _ in range(300):
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/healthz", timeout=1):
                    return
            except OSError:
                time.sleep(0.1)
        raise SystemExit("the web server did not answer within 30 s")

    def cpu_seconds(self) -> dict[str, float]:
        """User and system time of each part with all its children, so far."""
        return {name: sum(map(_cpu_of, _family(process.pid))) for name, process in self.processes.items()}

    def stop(self) -> None:
        for process in self.processes.values():
            process.send_signal(signal.SIGTERM)
        for process in self.processes.values():
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()


def _family(pid: int) -> list[int]:
    children: dict[int, list[int]] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            after = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        children.setdefault(int(after[1]), []).append(int(path.parent.name))
    found, fresh = [pid], [pid]
    while fresh:
        fresh = [child for parent in fresh for child in children.get(parent, [])]
        found += fresh
    return found


def _cpu_of(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / _TICKS


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def installation(database_url: str = "", **environment: str) -> Iterator[Installation]:
    """An empty, migrated installation. With a database URL, that database is emptied first."""
    home = Path(tempfile.mkdtemp(prefix="liebian-bench-"))
    port = _free_port()
    variables = {
        **os.environ, "LIEBIAN_HOME": str(home), "HOST": "127.0.0.1", "PORT": str(port), "DATABASE_URL": database_url,
        "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT / 'analytics' / 'src'}",
        "DJANGO_SETTINGS_MODULE": "liebian.config.settings", **environment,
    }  # fmt: skip
    if database_url:
        _empty(database_url)
    found = Installation(home, port, variables)
    try:
        found.run("migrate")
        yield found
    finally:
        found.stop()
        shutil.rmtree(home, ignore_errors=True)


def _empty(database_url: str) -> None:
    import psycopg

    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("DROP SCHEMA public CASCADE")
        connection.execute("CREATE SCHEMA public")


def use_home_of_its_own(*, migrate: bool) -> None:
    """Django in this process, in a temporary home on SQLite or on the database that DATABASE_URL names."""
    os.environ.setdefault("LIEBIAN_HOME", tempfile.mkdtemp(prefix="liebian-bench-"))
    os.environ["DJANGO_SETTINGS_MODULE"] = "liebian.config.settings"
    sys.path[:0] = [str(ROOT / "src"), str(ROOT / "analytics" / "src")]
    import django
    from django.conf import settings
    from django.core.management import call_command

    django.setup()
    for alias in settings.DATABASES if migrate else ():
        call_command("migrate", database=alias, verbosity=0)


def use_django(place: Installation) -> None:
    """Speak to the installation's databases from this process too."""
    os.environ.update(place.environment)
    sys.path[:0] = [str(ROOT / "src"), str(ROOT / "analytics" / "src")]
    import django

    django.setup()


def take_statistics() -> None:
    """What PostgreSQL's autovacuum does within a minute of a large load; where it is off, plans would be made blindly."""
    from django.db import connection

    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
