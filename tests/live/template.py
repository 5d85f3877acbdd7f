"""Empty installations as copies of one that was migrated once: migrating takes seconds, and every live test wants one.

The template is named by what it was made from and for which LIEBIAN_HOME, so that a stale one or that of another run is never
used. It goes with the home; the one on PostgreSQL goes with `forget`, which `make test` calls.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import closing
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg

ROOT = Path(__file__).resolve().parents[2]
CODE = "from liebian.config.cli.main import run; run()"
FILES = ("main.sqlite3", "log.sqlite3")


def fill_folder(home: Path) -> None:
    """The two SQLite files of an empty installation. Keys are not copied: each installation makes its own."""
    made = _folder()
    if not made.exists():
        _make_folder(made)
    home.mkdir(parents=True, exist_ok=True)
    for name in FILES:
        shutil.copyfile(made / name, home / name)


def create_database(server: str, name: str) -> str:
    """A new database of an empty installation on the PostgreSQL at this address; its own address."""
    template = _database()
    with psycopg.connect(server, autocommit=True) as connection:
        if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [template]).fetchone() is None:
            _make_database(connection, server, template)
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    return _address(server, name)


def forget(server: str) -> None:
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{_database()}"')


@cache
def _mark() -> str:
    around = [os.environ.get(name, "") for name in ("LIEBIAN_TIME_ZONE", "LIEBIAN_HOME")]
    digest = hashlib.blake2s(repr(around).encode(), digest_size=8)
    for path in sorted((ROOT / "src/liebian").glob("*/migrations/*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _folder() -> Path:
    return Path(os.environ.get("LIEBIAN_HOME") or tempfile.gettempdir()) / f"empty-{os.getuid()}-{_mark()}"


def _database() -> str:
    return f"liebian_empty_{_mark()}"


def _address(server: str, name: str) -> str:
    return urlunsplit(urlsplit(server)._replace(path=f"/{name}"))


def _migrate(home: str, database_url: str) -> None:
    environment = {
        **os.environ, "LIEBIAN_HOME": home, "DATABASE_URL": database_url, "DJANGO_SETTINGS_MODULE": "liebian.config.settings",
        "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT / 'analytics' / 'src'}",
    }  # fmt: skip
    command = [sys.executable, "-c", CODE, "migrate"]
    subprocess.run(command, env=environment, cwd=ROOT, check=True, timeout=180, stdout=subprocess.DEVNULL)


def _make_folder(made: Path) -> None:
    made.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix="empty-", dir=made.parent))
    _migrate(str(draft), "")
    for name in FILES:  # what is in the write-ahead log comes along
        with closing(sqlite3.connect(draft / name)) as file:
            file.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    try:
        draft.rename(made)
    except OSError:  # another process was faster
        shutil.rmtree(draft)


def _make_database(connection: psycopg.Connection, server: str, template: str) -> None:
    draft = f"{template}_{os.getpid()}"
    connection.execute(f'CREATE DATABASE "{draft}"')
    with tempfile.TemporaryDirectory() as home:
        _migrate(home, _address(server, draft))
    try:
        connection.execute(f'ALTER DATABASE "{draft}" RENAME TO "{template}"')
    except psycopg.errors.DuplicateDatabase:
        connection.execute(f'DROP DATABASE "{draft}"')
