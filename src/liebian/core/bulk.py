"""Many rows in one prepared statement. Django builds one long statement per few hundred rows, which costs ten times more
than the insert itself; the stages write whole batches, so they come here."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from operator import attrgetter
from typing import Any

from django.db import connections, models, router

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
    automatic = model._meta.pk.get_internal_type() in {"BigAutoField", "AutoField"}  # type: ignore[union-attr]
    fields = [field for field in model._meta.concrete_fields if not (field.primary_key and automatic)]
    quote = connection.ops.quote_name
    columns = ", ".join(quote(field.column) for field in fields)
    marks = ", ".join(["%s"] * len(fields))
    sql = f"INSERT INTO {quote(model._meta.db_table)} ({columns}) VALUES ({marks})"  # noqa: S608 - names of our own models
    if update:
        changed = ", ".join(
            f"{quote(c)} = excluded.{quote(c)}" for c in (model._meta.get_field(name).column for name in update)
        )  # type: ignore[union-attr]
        sql += f" ON CONFLICT ({quote(model._meta.pk.column)}) DO UPDATE SET {changed}"  # type: ignore[union-attr]
    elif ignore:
        sql += " ON CONFLICT DO NOTHING"
    read = attrgetter(*[field.attname for field in fields])
    adapters = [_adapter(field, connection) for field in fields]
    values = [tuple([adapt(v) if adapt else v for adapt, v in zip(adapters, read(row), strict=True)]) for row in rows]
    with connection.cursor() as cursor:
        cursor.executemany(sql, values)
    return len(rows)


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
