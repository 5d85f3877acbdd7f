"""Empty installations as copies of one that was migrated once: migrating takes seconds, and every process of the tests, every
live test wants one.

The template is named by what it was made from and for which LIEBIAN_HOME, so that a stale one or that of another run is never
used. Whoever needs it first makes it under a lock while the others wait, and gives it its name when it is whole: one whose maker
died is never taken for it. It goes with the home; the one on PostgreSQL goes with `forget`, when the run ends.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import uuid
from contextlib import closing
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import django
import psycopg

ROOT = Path(__file__).resolve().parents[2]
CODE = "from liebian.config.cli.main import run; run()"
FILES = ("main.sqlite3", "log.sqlite3")


def fill_folder(home: Path) -> None:
    """The two SQLite files of an empty installation. Keys are not copied: each installation makes its own."""
    home.mkdir(parents=True, exist_ok=True)
    for name in FILES:
        copy_file(name, home / name)


def copy_file(name: str, target: Path) -> None:
    """One of FILES, in the place of whatever was there."""
    for left in ("-wal", "-shm"):
        Path(f"{target}{left}").unlink(missing_ok=True)
    shutil.copyfile(made_folder() / name, target)


def create_database(server: str, name: str) -> str:
    """A new database of an empty installation on the PostgreSQL at this address; its own address."""
    template = made_database(server)
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    return _address(server, name)


def made_folder() -> Path:
    """The folder of the template, which is there from now on."""
    made = Path(os.environ.get("LIEBIAN_HOME") or tempfile.gettempdir()) / f"empty-{os.getuid()}-{_mark()}"
    if not made.exists():
        made.parent.mkdir(parents=True, exist_ok=True)
        with made.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not made.exists():
                _make_folder(made)
    return made


def made_database(server: str) -> str:
    """The name of the template on the PostgreSQL at this address, which is there from now on."""
    template = _database(server)
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute("SELECT pg_advisory_lock(hashtext(%s))", [template])
        if template not in _databases(connection, template):
            _make_database(connection, server, template)
    return template


def forget(server: str) -> None:
    """The template on this PostgreSQL and what makers left who died."""
    template = _database(server)
    with psycopg.connect(server, autocommit=True) as connection:
        for name in _databases(connection, template):
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@cache
def _mark(server: str = "") -> str:
    around = [django.__version__, server, *(os.environ.get(name, "") for name in ("LIEBIAN_TIME_ZONE", "LIEBIAN_HOME"))]
    digest = hashlib.blake2s(repr(around).encode(), digest_size=8)
    for path in sorted((ROOT / "src/liebian").glob("*/migrations/*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _database(server: str) -> str:
    return f"liebian_empty_{_mark(server)}"


def _databases(connection: psycopg.Connection, template: str) -> list[str]:
    """The template and its drafts, as far as they are there."""
    found = connection.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [template])
    return [name for (name,) in found]


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
    draft = Path(tempfile.mkdtemp(prefix="empty-", dir=made.parent))
    _migrate(str(draft), "")
    for name in FILES:  # what is in the write-ahead log comes along
        with closing(sqlite3.connect(draft / name)) as file:
            file.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    draft.rename(made)


def _make_database(connection: psycopg.Connection, server: str, template: str) -> None:
    for name in _databases(connection, template):
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
    draft = f"{template}_{uuid.uuid4().hex[:8]}"
    connection.execute(f'CREATE DATABASE "{draft}"')
    with tempfile.TemporaryDirectory() as home:
        _migrate(home, _address(server, draft))
    connection.execute(f'ALTER DATABASE "{draft}" RENAME TO "{template}"')
