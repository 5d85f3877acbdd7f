"""Many rows in one statement: prepared once on SQLite, a set of arrays on PostgreSQL. Django builds one long statement per
few hundred rows, which costs ten times more than the insert itself; the stages write whole batches, so they come here."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import lru_cache
from operator import attrgetter
from typing import Any

from django.db import connections, models, router

from liebian.core.arrays import array_text
from liebian.core.columns import arrays_of, conflict_clause
from liebian.core.prepared import cursor_of

_FUNCTIONS: dict[str, Callable[[Any], Any]] = {"JSONField": lambda value: json.dumps(value, ensure_ascii=False)}


def write_rows(objects: Iterable[models.Model], *, update: Sequence[str] = (), ignore: bool = False) -> int:
    """Insert unsaved instances of one model; with `update`, a row of the same primary key gets these columns instead.

    With `ignore`, rows that break a unique constraint are left out. Returns how many were handed over. The caller owns
    the transaction.
    """
    rows = list(objects)
    if not rows:
        return 0
    model = type(rows[0])
    connection = connections[router.db_for_write(model)]
    sql, fields, read = _writing(model, rows[0].pk is not None, tuple(update), ignore, connection.alias)
    adapters = [_adapter(field, connection) for field in fields]
    values = [tuple([adapt(v) if adapt else v for adapt, v in zip(adapters, read(row), strict=True)]) for row in rows]
    with cursor_of(connection) as cursor:
        if connection.vendor == "postgresql":
            columns = zip(fields, zip(*values, strict=True), strict=True)
            cursor.execute(sql, [array_text(field, column) for field, column in columns])
        else:
            cursor.executemany(sql, values)
    return len(rows)


@lru_cache(maxsize=500)
def _writing(
    model: type[models.Model], has_keys: bool, update: tuple[str, ...], ignore: bool, alias: str
) -> tuple[str, list[Any], Callable[[models.Model], tuple[Any, ...]]]:
    connection = connections[alias]
    quote = connection.ops.quote_name
    fields = _written_fields(model, has_keys=has_keys)
    columns = ", ".join(quote(_column(field)) for field in fields)
    head = f"INSERT INTO {quote(model._meta.db_table)} ({columns})"
    tail = conflict_clause(model, update, connection) if update else " ON CONFLICT DO NOTHING" if ignore else ""
    source = f"VALUES ({', '.join(['%s'] * len(fields))})"
    if connection.vendor == "postgresql":
        source = f"SELECT * FROM {arrays_of(fields, connection)}"  # noqa: S608
    return f"{head} {source}{tail}", fields, attrgetter(*[field.attname for field in fields])


def give_keys(objects: Sequence[models.Model]) -> None:
    """Give unsaved instances of one model the keys that the database would have counted, so that others can name them.

    The caller owns the transaction, in which they are written.
    """
    if not objects:
        return
    model = type(objects[0])
    connection = connections[router.db_for_write(model)]
    table = model._meta.db_table
    with cursor_of(connection) as cursor:
        if connection.vendor == "postgresql":
            sequence = f"pg_get_serial_sequence('{table}', '{_column(model._meta.pk)}')"
            cursor.execute(f"SELECT nextval({sequence}) FROM generate_series(1, %s::bigint)", [len(objects)])  # noqa: S608
            keys = [row[0] for row in cursor.fetchall()]
        else:
            cursor.execute("SELECT seq FROM sqlite_sequence WHERE name = %s", [table])
            last = (cursor.fetchone() or (0,))[0]
            keys = list(range(last + 1, last + 1 + len(objects)))
    for row, key in zip(objects, keys, strict=True):
        row.pk = key


def _written_fields(model: type[models.Model], *, has_keys: bool) -> list[Any]:
    """All columns, without a primary key that the database counts itself."""
    automatic = {"BigAutoField", "AutoField"}
    fields = model._meta.concrete_fields
    return [f for f in fields if has_keys or not (f.primary_key and f.get_internal_type() in automatic)]


def _column(field: Any) -> str:
    return str(field.column)


def _adapter(field: Any, connection: Any) -> Callable[[Any], Any] | None:
    kind = field.get_internal_type()
    if kind == "DateTimeField" and connection.vendor == "sqlite":
        memo: dict[datetime | None, Any] = {None: None}

        def adapt(value: datetime | None) -> Any:
            if value not in memo:
                memo[value] = connection.ops.adapt_datetimefield_value(value)
            return memo[value]

        return adapt
    if kind == "DateField" and connection.vendor == "sqlite":
        return lambda value: None if value is None else value.isoformat()
    return _FUNCTIONS.get(kind)
