"""Every test: first on SQLite, then what touches a database again on PostgreSQL where one can be found.

`LIEBIAN_REQUIRE=browser,postgres` turns a skip for want of Chromium or PostgreSQL into a failure.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import psycopg

ROOT = Path(__file__).resolve().parents[1]
DEFAULT_POSTGRES = "postgresql://postgres@127.0.0.1:5432/postgres"


def find_postgres() -> str | None:
    url = os.environ.get("TEST_POSTGRES_URL", DEFAULT_POSTGRES)
    try:
        with psycopg.connect(url, connect_timeout=3):
            return url
    except psycopg.OperationalError:
        return None


def pytest(*arguments: str, home: str, **extra: str) -> int:
    environment = {**os.environ, "LIEBIAN_HOME": home, **extra}
    command = [sys.executable, "-m", "pytest", *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode


def main() -> int:
    required = set(filter(None, os.environ.get("LIEBIAN_REQUIRE", "").split(",")))
    chosen = sys.argv[1:]
    with tempfile.TemporaryDirectory(prefix="liebian-test-") as home:
        code = pytest(*chosen, home=home)
        url = find_postgres()
        if url is None:
            if "postgres" in required:
                print("PostgreSQL is required and was not found on 127.0.0.1:5432 (TEST_POSTGRES_URL sets another).")
                return 1
            print("PostgreSQL was not found: its tests did not run.")
            return code
        print("Again on PostgreSQL:")
        again = pytest(
            "src",
            "tests",
            "--ignore=tests/browser",
            "--ignore=tests/architecture",
            *chosen,
            home=home,
            DATABASE_URL=url,
        )
        return code or again


if __name__ == "__main__":
    sys.exit(main())
