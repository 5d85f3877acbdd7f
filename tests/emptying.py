"""Tests with real transactions empty every table afterwards. Here that takes a moment, whatever the tables are.

Only what has rows is emptied, with the triggers of append-only tables out of the way: PostgreSQL would make the hundreds of
files of all tables anew, SQLite would refuse. What Django itself writes into an empty database is the same for every test and
stays, so that it need not be written anew.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.core.management.commands import flush
from django.core.management.sql import sql_flush

STAYS = {"django_content_type", "auth_permission"}


@contextmanager
def quickly() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(flush, "sql_flush", _statements)
        patch.setattr(flush, "emit_post_migrate_signal", lambda *_, **__: None)
        yield


def _statements(style: Any, connection: Any, **options: bool) -> list[str]:
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            return _past_triggers(cursor, _tables_with_rows(connection, cursor))
        cursor.execute("SHOW is_superuser")
        if cursor.fetchone() != ("on",):  # nobody else may silence triggers
            return _past_refusals(cursor, sql_flush(style, connection, **options))
        return ["SET LOCAL session_replication_role = replica", *map(_delete, _tables_with_rows(connection, cursor))]


def _tables_with_rows(connection: Any, cursor: Any) -> list[str]:
    tables = connection.introspection.django_table_names(only_existing=True, include_views=False)
    has_rows = "SELECT '{0}' WHERE EXISTS (SELECT 1 FROM \"{0}\")"
    cursor.execute(" UNION ALL ".join(has_rows.format(name) for name in tables if name not in STAYS))
    return [name for (name,) in cursor.fetchall()]


def _past_triggers(cursor: Any, tables: list[str]) -> list[str]:
    cursor.execute("SELECT name, tbl_name, sql FROM sqlite_master WHERE type = 'trigger'")
    aside = [(name, made) for name, table, made in cursor.fetchall() if table in tables]
    return [*(f'DROP TRIGGER "{name}"' for name, _ in aside), *map(_delete, tables), *(made for _, made in aside)]


def _past_refusals(cursor: Any, statements: list[str]) -> list[str]:
    """With the triggers that refuse TRUNCATE out of the way, as the owner of the tables may have it."""
    cursor.execute("SELECT tgrelid::regclass, tgname FROM pg_trigger WHERE tgtype & 32 <> 0 AND NOT tgisinternal")
    triggers = cursor.fetchall()
    off, on = ([f"ALTER TABLE {t} {act} TRIGGER {name}" for t, name in triggers] for act in ("DISABLE", "ENABLE"))
    return [*off, *statements, *on]


def _delete(table: str) -> str:
    return f'DELETE FROM "{table}"'
