"""Frames: one NumPy array per column, one place per customer, and how an unknown value looks in each type."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from liebian_analytics.errors import BadArgument

if TYPE_CHECKING:
    import pyarrow as pa

Values = npt.NDArray[Any]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Coded:
    """A column of few distinct values: each is compared once, however many customers share it.

    ``codes`` int, per customer the position of the value in ``choices``; ``choices`` object, ``None`` = unknown.

    >>> coded = Coded.of(["上海", None, "上海"])
    >>> coded.codes.tolist(), coded.choices.tolist(), len(coded)
    ([0, 1, 0], ['上海', None], 3)
    """

    codes: Values
    choices: Values

    @classmethod
    def of(cls, values: Sequence[str | None]) -> Coded:
        """From texts; ``None`` where unknown.

        >>> Coded.of([]).choices.size
        0
        """
        known: dict[str | None, int] = {value: number for number, value in enumerate(dict.fromkeys(values))}
        choices = np.empty(len(known), dtype=object)
        choices[:] = list(known)
        return cls(np.fromiter(map(known.__getitem__, values), np.intp, len(values)), choices)

    @property
    def size(self) -> int:
        """Number of customers."""
        return int(self.codes.size)

    def __len__(self) -> int:
        return self.size


Frame = Mapping[str, Any]
"""Arrays (or ``Coded``) by the key of their column."""


def known(values: Values) -> Mask:
    """Where a column has a value: not masked, not NaN, not NaT, not ``None``.

    >>> known(np.array(["a", None], dtype=object)).tolist(), known(np.array([1.0, np.nan])).tolist()
    ([True, False], [True, False])
    """
    if isinstance(values, np.ma.MaskedArray):
        return ~np.ma.getmaskarray(values)
    if values.dtype == object:
        return np.fromiter((value is not None for value in values), dtype=bool, count=values.size)
    if values.dtype.kind == "f":
        return ~np.isnan(values)
    if values.dtype.kind == "M":
        return ~np.isnat(values)
    return np.ones(values.size, dtype=bool)


def column_of(frame: Frame, key: str) -> Any:
    """The column called ``key``.

    Raises
    ------
    BadArgument
        If the frame lacks it.

    >>> column_of({"city": np.array(["a"])}, "city").size
    1
    """
    if key not in frame:
        raise BadArgument(
            f"the frame lacks the column {key!r}; build it with windowed_columns(…, columns_needed(rule), …)"
        )
    return frame[key]


def n_customers(frame: Frame) -> int:
    """Number of customers in a frame.

    >>> n_customers({"customer_id": np.array([1, 2])})
    2
    """
    for values in frame.values():
        return len(values)
    raise BadArgument("an empty frame does not say how many customers there are; include customer_id")


def frame_from_arrow(table: pa.Table) -> dict[str, Values]:
    """NumPy columns of an Arrow table with unknown values kept apart.

    Returns
    -------
    dict of column name to array. Integers and booleans: int64 or bool, masked where null. Floats: float64, NaN where null.
    Dates: datetime64[D], instants: datetime64[us] in UTC, NaT where null. Everything else: object, ``None`` where null.

    Examples
    --------
    >>> import pyarrow as pa
    >>> frame = frame_from_arrow(pa.table({"n": pa.array([1, None]), "city": ["上海", None]}))
    >>> known(frame["n"]).tolist(), frame["city"].tolist()
    ([True, False], ['上海', None])
    """
    return {name: _array(table.column(name).combine_chunks()) for name in table.column_names}


def _array(column: Any) -> Values:
    import pyarrow as pa
    import pyarrow.compute as pc

    if isinstance(column, pa.ChunkedArray):
        column = pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], column.type)
    dtype = column.type
    if pa.types.is_integer(dtype) or pa.types.is_boolean(dtype):
        fill = False if pa.types.is_boolean(dtype) else 0
        filled = column.fill_null(pa.scalar(fill, dtype)).to_numpy(zero_copy_only=False)
        wide = filled if pa.types.is_boolean(dtype) else filled.astype(np.int64)
        if not column.null_count:
            return np.asarray(wide)
        return np.ma.MaskedArray(wide, mask=pc.is_null(column).to_numpy(zero_copy_only=False))
    if pa.types.is_floating(dtype):
        return np.asarray(column.cast(pa.float64()).to_numpy(zero_copy_only=False))
    if pa.types.is_date(dtype):
        return np.asarray(column.cast(pa.date32()).to_numpy(zero_copy_only=False).astype("datetime64[D]"))
    if pa.types.is_timestamp(dtype):
        return np.asarray(column.cast(pa.timestamp("us")).to_numpy(zero_copy_only=False))
    values = np.empty(len(column), dtype=object)
    values[:] = column.to_pylist()
    return values
