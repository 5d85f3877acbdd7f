"""Purchase histories as the models read them: (frequency, recency, T), checked, equal ones counted once.

Owns the reading of summary tables. Owns no likelihood.
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from liebian_analytics.arrow import as_arrow
from liebian_analytics.errors import BadArgument, SchemaMismatch

if TYPE_CHECKING:
    import pyarrow as pa

Floats = npt.NDArray[np.float64]
MAX_FREQUENCY = 10_000_000
"""More purchases than this of one customer are a mistake in the data."""


@dataclass(frozen=True, slots=True)
class Histories:
    """Columns of equal length, one entry per history.

    Parameters
    ----------
    frequency
        Repeat purchases, whole numbers >= 0.
    recency, T
        Time from the first to the last purchase, and to the end of observation, in one unit; recency <= T.
    weight
        Customers who share the history.
    covariates
        Columns of the covariates by name, empty without.

    Examples
    --------
    >>> found = Histories.read({"frequency": [0, 0, 2], "recency": [0, 0, 3.5], "T": [9, 9, 9]})
    >>> found.n_customers, found.distinct().weight.tolist()
    (3.0, [2.0, 1.0])
    """

    frequency: Floats
    recency: Floats
    T: Floats
    weight: Floats
    covariates: dict[str, Floats]

    @classmethod
    def read(cls, summary: Any, covariates: Sequence[str] = ()) -> Histories:
        """From a summary table: Arrow, Ibis, pandas, Polars, or a mapping of columns.

        Raises
        ------
        SchemaMismatch
            If a column is missing or not numeric.
        BadArgument
            If the table is empty or a value is impossible; the message names the row.
        """
        table = as_arrow(summary)
        x, t_x, T = (number_column(table, name) for name in ("frequency", "recency", "T"))
        weight = number_column(table, "n_customers") if "n_customers" in table.column_names else np.ones(len(x))
        _check(len(x) > 0, "the summary has no customer")
        _refuse_rows(~((x >= 0) & (x == np.floor(x))), "frequency must be a whole number of repeat purchases >= 0", x)
        _refuse_rows(x > MAX_FREQUENCY, f"frequency cannot be above {MAX_FREQUENCY:,}", x)
        _refuse_rows(t_x < 0, "recency cannot be negative", t_x)
        _refuse_rows(t_x > T * (1 + 1e-9) + 1e-9, "recency cannot be later than T", t_x)
        _refuse_rows((x == 0) & (t_x != 0), "recency is 0 for a customer without repeat purchase", t_x)
        _refuse_rows(weight <= 0, "n_customers must be above 0", weight)
        return cls(x, np.minimum(t_x, T), T, weight, {name: number_column(table, name) for name in covariates})

    @property
    def n_customers(self) -> float:
        """How many customers the histories stand for."""
        return float(self.weight.sum())

    def distinct(self) -> Histories:
        """Distinct histories with the number of customers of each; as they are where hardly any T occurs twice."""
        import pyarrow as pa

        some = self.T[:: max(1, len(self.T) // 20_000)]
        if len(self.T) > 20_000 and len(np.unique(some)) > 0.95 * len(some):
            return self
        columns = [self.frequency, self.recency, self.T, *self.covariates.values()]
        names = [str(number) for number in range(len(columns))]
        table = pa.table([*columns, self.weight], names=[*names, "weight"])
        groups = table.group_by(names).aggregate([("weight", "sum")])
        found = [groups[name].to_numpy() for name in names]
        covariates = dict(zip(self.covariates, found[3:], strict=True))
        return Histories(found[0], found[1], found[2], groups["weight_sum"].to_numpy(), covariates)

    def take(self, rows: npt.NDArray[np.int64] | slice) -> Histories:
        """Only these histories."""
        return Histories(
            self.frequency[rows],
            self.recency[rows],
            self.T[rows],
            self.weight[rows],
            {name: column[rows] for name, column in self.covariates.items()},
        )

    def thinned(self, size: int) -> Histories:
        """About ``size`` of the histories, evenly spread, with weights that keep the number of customers."""
        if len(self.T) <= size:
            return self
        step = len(self.T) // size
        part = self.take(slice(None, None, step))
        return replace(part, weight=part.weight * (self.n_customers / part.n_customers))


def number_column(table: pa.Table, name: str) -> Floats:
    """A numeric column without null, NaN or infinity as float64.

    >>> number_column(as_arrow({"frequncy": [1]}), "frequency")
    Traceback (most recent call last):
        ...
    liebian_analytics.errors.SchemaMismatch: the table needs the column 'frequency'; did you mean 'frequncy'?
    """
    import pyarrow as pa

    if name not in table.column_names:
        near = difflib.get_close_matches(name, table.column_names, n=1, cutoff=0.4)
        guess = f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(table.column_names)}"
        raise SchemaMismatch(f"the table needs the column {name!r}; {guess}")
    column = table[name]
    if not (pa.types.is_integer(column.type) or pa.types.is_floating(column.type) or pa.types.is_decimal(column.type)):
        raise SchemaMismatch(f"the column {name!r} must be numeric, but is {column.type}")
    if column.null_count:
        raise BadArgument(f"the column {name!r} has {column.null_count} empty values")
    values = np.ascontiguousarray(column.cast(pa.float64()).to_numpy(), dtype=np.float64)
    _refuse_rows(~np.isfinite(values), f"{name} must be a finite number", values)
    return values


def _refuse_rows(wrong: npt.NDArray[np.bool_], rule: str, values: Floats) -> None:
    if wrong.any():
        row = int(np.argmax(wrong))
        raise BadArgument(f"{rule}; row {row} has {values[row]:g} ({int(wrong.sum())} such rows)")


def _check(good: bool, rule: str) -> None:
    if not good:
        raise BadArgument(rule)
