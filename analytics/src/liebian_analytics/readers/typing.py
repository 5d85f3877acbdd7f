"""Columns of a file as types: codes, local times, amounts. What cannot be read becomes null; nothing is judged here.

Runs on the engine in this process only, whose functions it names.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from liebian_analytics.errors import BadArgument, SchemaMismatch

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from liebian_analytics.engines import Engine
    from liebian_analytics.readers.orders import OrderSource

OFFSET = r"[0-9][T ].*(Z|[+-][0-9]{2}(:?[0-9]{2})?)$"
NO_TIME = "1970-01-01"


def code_column(raw: ir.Table, here: Engine) -> ir.Value:
    """The customer as the file names them; text that is whole numbers throughout becomes int64 (``007`` does not)."""
    column = raw.customer
    if not column.type().is_string():
        return column
    column = column.strip().nullif("")
    number = column.try_cast("int64")
    table = raw.select(code=column, same=number.cast("string") == column)
    odd = table.filter(table.code.notnull() & ~table.same.fill_null(False)).limit(1)
    return column if here.run(odd).num_rows else number


def local_time_column(raw: ir.Table, columns: OrderSource) -> tuple[ir.Value, ir.Value]:
    """Local time in the zone of the business days, without a zone; and whether the file said a zone."""
    import ibis

    _check_zone(columns.zone)
    if columns.time is None:
        return ibis.literal(NO_TIME).cast("timestamp"), ibis.literal(True)
    column, dtype = raw.time, raw.time.type()
    if dtype.is_timestamp():
        if dtype.timezone is None:
            return column.cast("timestamp"), ibis.literal(False)
        return _functions()["to_local"](columns.zone, column.cast("timestamp('UTC')")), ibis.literal(True)
    if dtype.is_date():
        return column.cast("timestamp"), ibis.literal(True)
    if not dtype.is_string():
        raise SchemaMismatch(f"the column {columns.time!r} (--time) holds {dtype}, not dates")
    text = column.strip()
    if columns.time_format is not None:
        return _functions()["try_strptime"](text, columns.time_format), ibis.literal(False)
    offset = text.re_search(OFFSET)
    moved = _functions()["to_local"](columns.zone, text.try_cast("timestamp('UTC')"))
    day_only = text.length() <= 10
    return ibis.ifelse(offset, moved, text.try_cast("timestamp")), offset | day_only


def amount_column(raw: ir.Table) -> ir.Value:
    """Amount in major units, float64; 1 for each row of a file without amounts."""
    import ibis

    if "amount" not in raw.columns:
        return ibis.literal(1.0)
    dtype = raw.amount.type()
    if dtype.is_numeric() and not dtype.is_boolean():
        return raw.amount.cast("float64")
    if not dtype.is_string():
        raise SchemaMismatch(f"the column of amounts (--amount) holds {dtype}, not numbers")
    return raw.amount.strip().try_cast("float64")


def instant_of_local(local: ir.Value, zone: str) -> ir.Value:
    """The instant at which clocks in ``zone`` showed ``local``."""
    return _functions()["to_instant"](zone, local).cast("timestamp('UTC', 6)")


def _check_zone(zone: str) -> None:
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError):
        raise BadArgument(f"there is no time zone {zone!r}; write it as Asia/Shanghai") from None


@cache
def _functions() -> dict[str, Any]:
    import ibis
    import ibis.expr.datatypes as dt

    instant, local = dt.Timestamp(timezone="UTC"), dt.Timestamp()

    def function(name: str, takes: tuple[Any, Any], gives: Any) -> Any:
        def body(first: Any, second: Any) -> Any: ...

        return ibis.udf.scalar.builtin(body, name=name, signature=(takes, gives))

    return {
        "to_local": function("timezone", (dt.string, instant), local),
        "to_instant": function("timezone", (dt.string, local), instant),
        "try_strptime": function("try_strptime", (dt.string, dt.string), local),
    }
