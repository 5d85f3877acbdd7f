"""Databases of tests are copies of one that was migrated once, whoever comes first and whoever dies over it."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from django.conf import settings
from django.db import connections

from liebian.config.schema import count_open_migrations
from tests.live import template

SERVER = os.environ.get("DATABASE_URL", "")
MIGRATED = "CREATE TABLE migrated (id integer)"
Read = Callable[[], int]


@pytest.mark.django_db(databases="__all__")
def test_the_database_of_this_process_has_seen_every_migration() -> None:
    assert [count_open_migrations(connections[alias]) for alias in settings.DATABASES] == [0] * len(settings.DATABASES)


def migrate(home: str, url: str) -> None:
    if url:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(MIGRATED)
        return
    for name in template.FILES:
        with closing(sqlite3.connect(Path(home) / name)) as file:
            file.execute(MIGRATED)


def copy_folder(home: Path) -> int:
    template.fill_folder(home)
    found = 0
    for name in template.FILES:
        with closing(sqlite3.connect(home / name)) as file:
            found += file.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    return found


def copy_database() -> int:
    name = f"copy_{uuid4().hex}"
    try:
        with psycopg.connect(template.create_database(SERVER, name)) as connection:
            return len(connection.execute("SELECT 1 FROM pg_tables WHERE tablename = 'migrated'").fetchall())
    finally:
        with psycopg.connect(SERVER, autocommit=True) as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@pytest.fixture(params=["files", "server"])
def copy(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Makes a copy; how many tables are in it."""
    mark = uuid4().hex[:16]
    monkeypatch.setenv("LIEBIAN_HOME", str(tmp_path))
    monkeypatch.setattr(template, "_mark", lambda _server="": mark)
    monkeypatch.setattr(template, "_migrate", migrate)
    if request.param == "files":
        yield lambda: copy_folder(tmp_path / uuid4().hex)
        return
    if not SERVER:
        pytest.skip("runs with the tests on PostgreSQL")
    yield copy_database
    template.forget(SERVER)


def test_many_who_come_at_once_make_it_once(copy: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []

    def note(home: str, url: str) -> None:
        made.append(home)
        migrate(home, url)

    monkeypatch.setattr(template, "_migrate", note)
    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(lambda _: copy(), range(4))) <= {1, 2}
    assert len(made) == 1


def test_one_whose_maker_died_is_made_anew(copy: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    def die(home: str, url: str) -> None:
        for name in template.FILES:
            sqlite3.connect(Path(home) / name).close()
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(template, "_migrate", die)
        with pytest.raises(KeyboardInterrupt):
            copy()
    assert copy() > 0


def test_what_a_killed_process_left_beside_its_file_is_not_read_into_the_next(tmp_path: Path) -> None:
    file = tmp_path / "test.sqlite3"
    with closing(sqlite3.connect(file)) as running:
        running.execute("PRAGMA journal_mode=WAL")
        running.execute("CREATE TABLE left_over (id integer)")
        kept = Path(f"{file}-wal").read_bytes()
    Path(f"{file}-wal").write_bytes(kept)
    template.copy_file(template.FILES[0], file)
    with closing(sqlite3.connect(file)) as fresh:
        assert fresh.execute("SELECT count(*) FROM sqlite_master WHERE name = 'left_over'").fetchone() == (0,)
