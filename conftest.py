"""What every test of the repository needs around it."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from typing import Any

import hypothesis
import pytest
from django.conf import settings
from django.contrib.auth.hashers import get_hashers
from django.db.backends.postgresql.operations import DatabaseOperations as PostgresOperations
from django.db.backends.sqlite3.base import DatabaseOperations as SqliteOperations
from django.test import override_settings

# How long an example takes says how busy the machine is, not whether the behaviour is right.
hypothesis.settings.register_profile("liebian", deadline=None)
hypothesis.settings.load_profile("liebian")


def pytest_collection() -> None:
    """All addresses are loaded as the server loads them, before doctests import single modules of them."""
    import_module("liebian.config.urls")


_REFUSE_TRUNCATE = "SELECT tgrelid::regclass, tgname FROM pg_trigger WHERE tgtype & 32 <> 0 AND NOT tgisinternal"


@pytest.fixture(scope="session", autouse=True)
def flush_past_append_only_tables() -> Iterator[None]:
    """Tests with real transactions empty every table afterwards, which the triggers of append-only tables refuse, so they
    step aside for the flush: on SQLite those that refuse DELETE, on PostgreSQL those that refuse TRUNCATE."""
    sqlite_flush, postgres_flush = SqliteOperations.execute_sql_flush, PostgresOperations.execute_sql_flush

    def flush_sqlite(self: Any, sql_list: list[str]) -> None:
        with self.connection.cursor() as cursor:
            cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
            triggers = cursor.fetchall()
            for name, _sql in triggers:
                cursor.execute(f'DROP TRIGGER "{name}"')
            sqlite_flush(self, sql_list)
            for _name, sql in triggers:
                cursor.execute(sql)

    def flush_postgres(self: Any, sql_list: list[str]) -> None:
        with self.connection.cursor() as cursor:
            cursor.execute(_REFUSE_TRUNCATE)
            triggers = cursor.fetchall()
            disable, enable = (
                [f"ALTER TABLE {table} {act} TRIGGER {name}" for table, name in triggers]
                for act in ("DISABLE", "ENABLE")
            )
        postgres_flush(self, [*disable, *sql_list, *enable])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(SqliteOperations, "execute_sql_flush", flush_sqlite)
        patch.setattr(PostgresOperations, "execute_sql_flush", flush_postgres)
        yield


@pytest.fixture(scope="session", autouse=True)
def quick_password_hashes() -> Iterator[None]:
    """Real hashes are slow on purpose; tests that make users need not wait for them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(settings, "PASSWORD_HASHERS", ["django.contrib.auth.hashers.MD5PasswordHasher"])
        get_hashers.cache_clear()
        yield
    get_hashers.cache_clear()


@pytest.fixture(scope="session", autouse=True)
def plain_static_names() -> Iterator[None]:
    """Pages under test name static files as they are, whether or not they have been collected here."""
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    with override_settings(STORAGES={**settings.STORAGES, "staticfiles": plain}):
        yield
