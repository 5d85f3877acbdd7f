"""Every test: on SQLite, in the browser, then what touches a database again on PostgreSQL where one can be found.

With arguments, only these are handed to pytest.

`LIEBIAN_REQUIRE=browser,postgres,spark` turns a skip for want of Chromium, PostgreSQL, or Spark and Java into a failure.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import psycopg

ROOT = Path(__file__).resolve().parents[1]
# A file's tests stay together, so that they share what is dear to make. The long ones come first, so that they do not end alone.
TOGETHER = ("--dist", "loadfile", "--no-loadscope-reorder")
PARALLEL = ("-n", "auto", *TOGETHER)
# Many tests of a whole installation wait for it: one worker more than there are processors has something to do meanwhile.
WAITING = ("-n", str((os.cpu_count() or 1) + 1), *TOGETHER)
# What the database below does not touch: clients, samples, what the web server says to nonsense.
SAME_ON_BOTH = ("test_fuzz.py", "test_samples.py", "test_wechat_module.py")
MEMORY, ROOM = Path("/dev/shm"), 6 * 2**30  # noqa: S108
DEFAULT_POSTGRES = "postgresql://postgres@127.0.0.1:5432/postgres"


def find_postgres() -> str | None:
    url = os.environ.get("TEST_POSTGRES_URL", DEFAULT_POSTGRES)
    try:
        with psycopg.connect(url, connect_timeout=3):
            return url
    except psycopg.OperationalError:
        return None


def temporary_home() -> tempfile.TemporaryDirectory[str]:
    """In memory where there is room: what tests write is not meant to last, so that nobody need wait for a disk."""
    has_room = os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ROOM
    return tempfile.TemporaryDirectory(
        prefix="liebian-test-", dir=MEMORY if has_room else None, ignore_cleanup_errors=True
    )


def pytest(*arguments: str, home: str, **extra: str) -> int:
    environment = {**os.environ, "LIEBIAN_HOME": home, "TMPDIR": home, **extra}
    command = [sys.executable, "-m", "pytest", *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode


def main() -> int:
    required = set(filter(None, os.environ.get("LIEBIAN_REQUIRE", "").split(",")))
    if chosen := sys.argv[1:]:
        with temporary_home() as home:
            return pytest(*chosen, home=home)
    codes = []
    with temporary_home() as home:
        print("The library, alone:", flush=True)
        codes.append(pytest(*PARALLEL, "analytics", home=home))
        print("Everything else, on SQLite:", flush=True)
        codes.append(pytest(*WAITING, "tests", "src", "--ignore=tests/browser", home=home))
        print("In the browser:", flush=True)  # apart: it leaves an event loop behind, in which Django refuses to work
        codes.append(pytest(*WAITING, "tests/browser", home=home))
        url = find_postgres()
        if url:
            print("What touches a database, again on PostgreSQL:", flush=True)
            same = [f"--ignore=tests/flows/{name}" for name in SAME_ON_BOTH]
            paths = ("tests/flows", "tests/permissions", "src")
            codes.append(pytest(*WAITING, "--only-with-database", *paths, *same, home=home, DATABASE_URL=url))
        elif "postgres" in required:
            print("PostgreSQL is required and was not found on 127.0.0.1:5432 (TEST_POSTGRES_URL sets another).")
            codes.append(1)
        else:
            print("PostgreSQL was not found: its tests did not run.")
    return max(codes)


if __name__ == "__main__":
    sys.exit(main())
