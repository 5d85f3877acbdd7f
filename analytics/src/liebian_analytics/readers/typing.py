"""Columns of a file as types: codes, local times, amounts. What cannot be read becomes null; nothing is judged here.

Runs on the engine in this process only, whose functions it names.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from liebian_analytics.errors import BadArgument, SchemaMismatch
from liebian_analytics.results import Notice

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


def numbers_where_all_are(table: ir.Table, here: Engine) -> ir.Table:
    """Text columns of which every value is a number as float64 (int64 if whole), the others as they are."""
    texts = [name for name, dtype in table.schema().items() if dtype.is_string()]
    if not texts:
        return table
    asked = {}
    for position, name in enumerate(texts):
        column = table[name].strip().nullif("")
        real = column.try_cast("float64")
        asked[f"real_{position}"] = (column.notnull() & (real.isnull() | real.isnan() | real.isinf())).sum()
        whole = column.try_cast("int64")  # of 9.5 one engine makes 10, another nothing
        asked[f"whole_{position}"] = (column.notnull() & (whole.isnull() | (whole.cast("string") != column))).sum()
        asked[f"any_{position}"] = column.count()
    found = here.run(table.aggregate(**asked)).to_pylist()[0]
    typed = {}
    for position, name in enumerate(texts):
        column = table[name].strip().nullif("")
        if found[f"any_{position}"] and not found[f"real_{position}"]:
            typed[name] = column.try_cast("float64" if found[f"whole_{position}"] else "int64")
    return table.mutate(**typed)


def check_key(table: ir.Table, key: str, indicators: list[str], here: Engine) -> tuple[Notice, ...]:
    """Refuse a key that repeats or is missing; say how many items lack an indicator.

    Raises
    ------
    BadArgument
        If two rows have the same key, or one has none.
    """
    import functools
    import operator

    lacking = functools.reduce(operator.or_, (table[name].isnull() for name in indicators))
    counts = here.run(
        table.aggregate(
            n=table.count(), keys=table[key].nunique(), lacking=lacking.sum(), missing=table[key].isnull().sum()
        )
    ).to_pylist()[0]
    if counts["n"] != counts["keys"]:
        raise BadArgument(
            f"{key!r} (--key) must name each row once: {counts['n']:,} rows, {counts['keys']:,} different keys"
        )
    if not counts["n"]:
        return (Notice("empty", "The table has no rows, so the result is empty."),)
    if counts["lacking"]:
        return (
            Notice("no_score", f"{counts['lacking']:,} rows lack an indicator and have no score.", counts["lacking"]),
        )
    return ()
