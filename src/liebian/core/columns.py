"""Rows as plain tuples, read and written as sets: what the stages use where instances of models would cost more than the work.

Values come and go in Python's types on both databases, JSON as its text. On PostgreSQL a set is one statement over arrays; on SQLite it is
one prepared statement over many rows. The caller owns the transaction.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple

from django.db import connections, models, router

from liebian.core.arrays import array_text
from liebian.core.prepared import cursor_of

_BEHIND = "COALESCE((SELECT position FROM core_cursor WHERE core_cursor.name = %s), 0)"
CHUNK = 900  # values in one IN list on SQLite; lists of equal length share a prepared statement
_PARTS = 2_000  # parts of statements that are kept; they hold names, never values


def select_in(
    model: type[models.Model],
    columns: Sequence[str],
    key: str,
    values: Sequence[Any],
    *,
    where: str = "",
    given: Sequence[Any] = (),
    lock: bool = False,
) -> Iterator[tuple[Any, ...]]:
    """Rows of `model` whose `key` is among the values, as tuples of the columns. `where` is SQL of ours, in which
    `given` stand for the marks. With `lock` they are locked in the order of their keys,
    where the database locks rows."""
    if not values:
        return
    connection = connections[router.db_for_read(model)]
    chosen = _selection(model, tuple(columns), key, connection.alias)
    tail = f" AND {where}" if where else ""
    tail += f" ORDER BY {chosen.key} FOR UPDATE" if lock and connection.features.has_select_for_update else ""
    with cursor_of(connection) as cursor:
        if connection.vendor == "postgresql":
            asked = f"{chosen.text} WHERE {chosen.key} = ANY(%s::{chosen.key_type}[]){tail}"
            cursor.execute(asked, [array_text(_field(model, key), values), *given])
            yield from _read(cursor.fetchall(), chosen.readers)
            return
        for start in range(0, len(values), CHUNK):
            part = list(values[start : start + CHUNK])
            if start:
                part += [part[-1]] * (CHUNK - len(part))
            among = f"{chosen.text} WHERE {chosen.key} IN ({', '.join(['%s'] * len(part))}){tail}"
            cursor.execute(among, [*part, *given])
            yield from _read(cursor.fetchall(), chosen.readers)


def select_after(
    model: type[models.Model],
    columns: Sequence[str],
    key: str,
    after: int | str,
    *,
    upto: int | None = None,
    limit: int | None = None,
    where: str = "",
    values: Sequence[Any] = (),
) -> list[tuple[Any, ...]]:
    """The next rows of a log in the order of its `key`: behind one position, up to another, at most so many.

    The position may be the name of the cursor that stands there, where rows and cursors are in one database. `where` is SQL of ours, in which `values` stand for the marks.
    """
    connection = connections[router.db_for_read(model)]
    chosen = _selection(model, tuple(columns), key, connection.alias)
    conditions, given = [f"{chosen.key} > {'%s' if isinstance(after, int) else _BEHIND}"], [after]
    if upto is not None:
        conditions, given = [*conditions, f"{chosen.key} <= %s"], [*given, upto]
    if where:
        conditions, given = [*conditions, where], [*given, *values]
    sql = f"{chosen.text} WHERE {' AND '.join(conditions)} ORDER BY {chosen.key}"
    if limit is not None:
        sql, given = f"{sql} LIMIT %s", [*given, limit]
    with cursor_of(connection) as cursor:
        cursor.execute(sql, given)
        return list(_read(cursor.fetchall(), chosen.readers))


def insert_tuples(
    model: type[models.Model], columns: Sequence[str], rows: Sequence[tuple[Any, ...]], *, update: Sequence[str] = ()
) -> None:
    """Insert rows whose values stand in the order of the columns; with `update`, a row of the same primary key gets these
    columns instead."""
    if not rows:
        return
    connection = connections[router.db_for_write(model)]
    sql, fields = _insertion(model, tuple(columns), tuple(update), connection.alias)
    with cursor_of(connection) as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(sql, _transposed(fields, rows))
        else:
            cursor.executemany(sql, _adapted(fields, rows))


def conflict_clause(model: type[models.Model], update: Sequence[str], connection: Any) -> str:
    quote = connection.ops.quote_name
    changed = ", ".join(f"{c} = excluded.{c}" for c in (quote(_field(model, name).column) for name in update))
    return f" ON CONFLICT ({quote(model._meta.pk.column)}) DO UPDATE SET {changed}"


def update_tuples(
    model: type[models.Model], columns: Sequence[str], rows: Sequence[tuple[Any, ...]], *, key: str = "id"
) -> None:
    """Set the columns of existing rows; each tuple ends with the value of `key`, by which every matching row is changed."""
    if not rows:
        return
    connection = connections[router.db_for_write(model)]
    sql, fields = _change(model, (*columns, key), connection.alias)
    with cursor_of(connection) as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(sql, _transposed(fields, rows))
        else:
            cursor.executemany(sql, _adapted(fields, rows))


class _Selection(NamedTuple):
    text: str
    key: str
    key_type: str
    readers: list[tuple[int, Callable[[Any], Any]]]


@lru_cache(maxsize=_PARTS)
def _selection(model: type[models.Model], columns: tuple[str, ...], key: str, alias: str) -> _Selection:
    connection = connections[alias]
    quote = connection.ops.quote_name
    fields = [_field(model, name) for name in columns]
    names = ", ".join(_selected(field, connection) for field in fields)
    readers = [(place, read) for place, field in enumerate(fields) if (read := _reader(field, connection))]
    field = _field(model, key)
    text = f"SELECT {names} FROM {quote(model._meta.db_table)}"  # noqa: S608 - names of our own models
    return _Selection(text, quote(field.column), field.db_type(connection), readers)


@lru_cache(maxsize=_PARTS)
def _insertion(
    model: type[models.Model], columns: tuple[str, ...], update: tuple[str, ...], alias: str
) -> tuple[str, list[Any]]:
    connection = connections[alias]
    quote = connection.ops.quote_name
    fields = [_field(model, name) for name in columns]
    names = ", ".join(quote(field.column) for field in fields)
    head = f"INSERT INTO {quote(model._meta.db_table)} ({names})"
    tail = conflict_clause(model, update, connection) if update else ""
    if connection.vendor == "postgresql":
        return f"{head} SELECT * FROM {arrays_of(fields, connection)}{tail}", fields  # noqa: S608
    return f"{head} VALUES ({', '.join(['%s'] * len(fields))}){tail}", fields


@lru_cache(maxsize=_PARTS)
def _change(model: type[models.Model], columns: tuple[str, ...], alias: str) -> tuple[str, list[Any]]:
    """The last column is the key; it may be one of the changed ones as well."""
    connection = connections[alias]
    quote = connection.ops.quote_name
    fields = [_field(model, name) for name in columns]
    table, names = quote(model._meta.db_table), [quote(field.column) for field in fields]
    if connection.vendor == "postgresql":
        given = [f"c{place}" for place in range(len(names))]
        source = f"{arrays_of(fields, connection)} AS v({', '.join(given)})"
        changed = ", ".join(f"{name} = v.{other}" for name, other in zip(names[:-1], given, strict=False))
        return f"UPDATE {table} AS t SET {changed} FROM {source} WHERE t.{names[-1]} = v.{given[-1]}", fields  # noqa: S608
    changed = ", ".join(f"{name} = %s" for name in names[:-1])
    return f"UPDATE {table} SET {changed} WHERE {names[-1]} = %s", fields  # noqa: S608


def _field(model: type[models.Model], name: str) -> Any:
    return model._meta.get_field(name)


def arrays_of(fields: Sequence[Any], connection: Any) -> str:
    """A set of rows on PostgreSQL, given as one array for each of the fields."""
    return f"unnest({', '.join(f'%s::{_type(field, connection)}[]' for field in fields)})"


def _type(field: Any, connection: Any) -> str:
    return str(field.rel_db_type(connection) if field.primary_key else field.db_type(connection))


def _transposed(fields: Sequence[Any], rows: Sequence[tuple[Any, ...]]) -> list[Any]:
    arrays = []
    for field, column in zip(fields, zip(*rows, strict=True), strict=True):
        is_json = field.get_internal_type() == "JSONField"
        arrays.append(array_text(field, [_as_json(value) for value in column] if is_json else column))
    return arrays


def _adapted(fields: Sequence[Any], rows: Sequence[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    writers = [
        (place, write) for place, field in enumerate(fields) if (write := _WRITERS.get(field.get_internal_type()))
    ]
    if not writers:
        return list(rows)
    adapted = []
    for row in rows:
        values = list(row)
        for place, write in writers:
            if values[place] is not None:
                values[place] = write(values[place])
        adapted.append(tuple(values))
    return adapted


def _as_json(value: Any) -> Any:
    return value if value is None or isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _as_text(moment: datetime) -> str:
    return (moment if moment.tzinfo is UTC else moment.astimezone(UTC)).isoformat(" ")[:-6]


_WRITERS: dict[str, Callable[[Any], Any]] = {
    "DateTimeField": _as_text,
    "DateField": lambda day: day.isoformat(),
    "JSONField": _as_json,
}


def _selected(field: Any, connection: Any) -> str:
    """The drivers would open times one by one at many times the cost of a text (SQLite) or of a number (PostgreSQL)."""
    name = str(connection.ops.quote_name(field.column))
    if field.get_internal_type() != "DateTimeField":
        return name
    return (
        f"CAST({name} AS text)" if connection.vendor == "sqlite" else f"(extract(epoch FROM {name}) * 1000000)::bigint"
    )


def _reader(field: Any, connection: Any) -> Callable[[Any], Any] | None:
    kind = field.get_internal_type()
    if kind == "BooleanField" and connection.vendor == "sqlite":
        return bool
    if kind == "DateTimeField":
        return _from_text if connection.vendor == "sqlite" else _from_microseconds
    return bytes if connection.vendor == "postgresql" and kind == "BinaryField" else None


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _from_microseconds(microseconds: int) -> datetime:
    return _EPOCH + timedelta(microseconds=microseconds)


def _from_text(text: str) -> datetime:
    return datetime.fromisoformat(text + "+00:00")


def _read(rows: list[Any], readers: Sequence[tuple[int, Callable[[Any], Any]]]) -> Iterator[tuple[Any, ...]]:
    if not readers:
        yield from rows
        return
    for row in rows:
        values = list(row)
        for place, read in readers:
            if values[place] is not None:
                values[place] = read(values[place])
        yield tuple(values)
