"""Data quality: what each column of a table holds, before anybody believes a number drawn from it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import ibis.expr.types as ir


def quality(table: ir.Table) -> ir.Table:
    """How full, how various and how plausible every column is.

    Parameters
    ----------
    table
        Any table.

    Returns
    -------
    Lazy table, one row per column in the order of the table: ``position`` int64 (1 = first), ``column`` string,
    ``dtype`` string (Ibis' name), ``n_rows`` int64, ``n_null`` int64 (NaN included), ``share_null`` float64 (0-1; null
    for an empty table), ``n_blank`` int64 (text that is empty or spaces), ``n_distinct`` int64 (null not counted),
    ``n_negative`` and ``n_zero`` int64, ``min``, ``median`` and ``max`` float64 (these five null unless it is a number).

    Notes
    -----
    One pass over the table. Distinct values are counted exactly.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from liebian_analytics.engines import connect
    >>> with connect() as engine:
    ...     found = engine.run(quality(engine.from_arrow(pa.table({"paid": [5.0, -1.0, None], "who": ["a", " ", "a"]}))))
    ...     [(row["column"], row["n_null"], row["n_negative"], row["n_blank"]) for row in found.to_pylist()]
    [('paid', 1, 1, 0), ('who', 0, None, 1)]
    """
    import ibis

    counted = table.aggregate(
        n_rows=table.count(),
        **{
            f"{name}_{position}": value
            for position, column in enumerate(table.columns, 1)
            for name, value in _measures(table[column]).items()
        },
    )
    rows = [_row(counted, position, table[name]) for position, name in enumerate(table.columns, 1)]
    spread = counted.select(found=ibis.array(rows).unnest())
    return spread.select(**{name: spread.found[name] for name in spread.found.type().names}).order_by("position")


def _measures(column: ir.Value) -> dict[str, Any]:
    import ibis

    dtype = column.type()
    missing = column.isnull() | column.isnan() if dtype.is_floating() else column.isnull()
    found = {"n_null": missing.sum(), "n_distinct": column.nunique(where=~missing)}
    if dtype.is_string():
        found["n_blank"] = (column.strip() == "").sum()
    if _is_number(dtype):
        number = ibis.ifelse(missing, ibis.null("float64"), column.cast("float64"))
        found |= {"n_negative": (number < 0).sum(), "n_zero": (number == 0).sum()}
        found |= {"min": number.min(), "median": number.median(), "max": number.max()}
    return found


def _row(counted: ir.Table, position: int, column: ir.Value) -> Any:
    import ibis

    def of(name: str, dtype: str) -> Any:
        there = f"{name}_{position}"
        return counted[there].cast(dtype) if there in counted.columns else ibis.null(dtype)

    def zero(name: str) -> Any:
        return ibis.coalesce(of(name, "int64"), ibis.literal(0, "int64"))

    return ibis.struct(
        {
            "position": ibis.literal(position, "int64"),
            "column": ibis.literal(column.get_name()),
            "dtype": ibis.literal(str(column.type())),
            "n_rows": counted.n_rows.cast("int64"),
            "n_null": zero("n_null"),
            "share_null": zero("n_null") / counted.n_rows.nullif(0),
            "n_blank": zero("n_blank"),
            "n_distinct": zero("n_distinct"),
            "n_negative": of("n_negative", "int64"),
            "n_zero": of("n_zero", "int64"),
            "min": of("min", "float64"),
            "median": of("median", "float64"),
            "max": of("max", "float64"),
        }
    )


def _is_number(dtype: Any) -> bool:
    return bool(dtype.is_numeric() and not dtype.is_boolean())
