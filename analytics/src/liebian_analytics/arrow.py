"""Any table the library accepts, as an Arrow table. Owns no names of columns and no types."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from liebian_analytics.errors import BadArgument

if TYPE_CHECKING:
    import pyarrow as pa


def as_arrow(table: Any) -> pa.Table:
    """Any table the library accepts as an Arrow table.

    >>> as_arrow({"n": [1, 2]}).num_rows
    2
    """
    import pyarrow as pa

    if isinstance(table, pa.Table):
        return table
    if hasattr(table, "to_pyarrow"):
        return table.to_pyarrow()
    if isinstance(table, dict) or hasattr(table, "__arrow_c_stream__"):
        return pa.table(table)
    raise BadArgument(f"expected a table (Arrow, Ibis, pandas, Polars, or a mapping), got {type(table).__name__}")
