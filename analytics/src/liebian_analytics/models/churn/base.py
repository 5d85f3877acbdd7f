"""What churn models share: origins in the past whose outcomes are known by now, from which they learn.

Owns which days a model may look at, and the checks on what it is given. Each model owns how it learns.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from liebian_analytics.arrow import as_arrow
from liebian_analytics.errors import BadArgument
from liebian_analytics.metrics.churn import FEATURES, churn_features, churn_outcomes
from liebian_analytics.metrics.purchases import purchase_days
from liebian_analytics.models.findings import ModelWarning
from liebian_analytics.models.histories import Floats
from liebian_analytics.periods import AsOf, end_day

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa

FEW_OUTCOMES = 50
"""Fewer customers than this with either outcome cannot teach a model much."""
SPEND = ("mean_amount", "last_amount")


@dataclass(frozen=True, slots=True)
class Columns:
    """Names of the columns of the purchases."""

    customer: str
    time: str
    amount: str | None

    @property
    def features(self) -> tuple[str, ...]:
        """Features that can be had from these columns, in order."""
        return (*FEATURES, *(SPEND if self.amount else ()))


@dataclass(frozen=True, slots=True)
class Examples:
    """Customers as of one origin: features (rows, features; NaN = unknown) and outcomes (1 = churned)."""

    origin: date
    features: Floats
    churned: Floats


class ChurnModel(ABC):
    """The chance that a customer does not buy in the ``horizon_days`` from ``as_of`` on.

    Learned by ``fit``: ``origins_`` (days, newest first), ``n_customers_`` (as of the newest day whose
    horizon is over), ``churn_rate_`` (share of these who stayed away for it, 0-1), ``warnings_``.

    Parameters
    ----------
    horizon_days
        Days in which a purchase is looked for.
    n_origins
        At most so many days in the past from which to learn, at least 2.
    step_days
        Days between two of them.
    """

    min_history_days = 60
    origins_: tuple[date, ...]
    n_customers_: int
    churn_rate_: float
    warnings_: tuple[ModelWarning, ...]

    def __init__(self, *, horizon_days: int = 60, n_origins: int = 12, step_days: int = 14) -> None:
        if horizon_days < 1 or step_days < 1:
            raise BadArgument("horizon_days and step_days must be at least 1")
        if n_origins < 2:
            raise BadArgument("n_origins must be at least 2: one to learn from, one to calibrate on")
        self.horizon_days, self.n_origins, self.step_days = horizon_days, n_origins, step_days

    def fit(
        self,
        purchases: ir.Table,
        *,
        as_of: AsOf,
        customer: str = "customer_id",
        time: str = "day",
        amount: str | None = None,
    ) -> Self:
        """Learn from what was known on days in the past and what came after, all before ``as_of``.

        Parameters
        ----------
        purchases
            One row per purchase (or order line), on any engine.
        as_of
            Exclusive day: purchases of that day and later are not read.
        customer, time, amount
            Names of the columns, as for ``churn_features``.

        Raises
        ------
        BadArgument
            If the history is too short for the horizon, or all customers have the same outcome.
        """
        end, columns = end_day(as_of), Columns(customer, time, amount)
        days = purchase_days(purchases, customer, time, None)
        days = days.filter(days.day < end)
        span = as_arrow(days.aggregate(first=days.day.min(), last=days.day.max())).to_pylist()[0]
        if span["first"] is None:
            raise BadArgument(f"there is no purchase before {end}")
        self.origins_ = self._origins(span["first"], end)
        examples = [self._examples(purchases, origin, columns, self._outcome_days) for origin in self.origins_]
        newest = end - timedelta(days=self.horizon_days)
        is_known = (examples[0].origin, self._outcome_days) == (newest, self.horizon_days)
        whole = examples[0] if is_known else self._examples(purchases, newest, columns, self.horizon_days)
        self._conclude(whole, span["last"], end)
        self._columns = columns
        self._learn(examples)
        return self

    def predict(self, purchases: ir.Table, *, as_of: AsOf) -> pa.Table:
        """The chance of staying away for every customer who had bought before ``as_of``.

        Parameters
        ----------
        purchases
            As for ``fit``, with the same columns; another set of customers will do.
        as_of
            Exclusive day: purchases of that day and later are not read.

        Returns
        -------
        Arrow table, one row per customer, likeliest to stay away first: ``customer_id``, ``churn_probability`` float64
        (0-1), and the features of ``churn_features``; a model may add columns.
        """
        import pyarrow as pa

        columns = self._columns
        table = as_arrow(features_of(purchases, end_day(as_of), columns))
        features = matrix_of(table, columns.features)
        found = {"churn_probability": self._probabilities(features), **self._explain(features)}
        told = {name: table[name] for name in columns.features}
        result = pa.table({"customer_id": table["customer_id"], **found, **told})
        return result.sort_by([("churn_probability", "descending"), ("customer_id", "ascending")])

    @property
    def _outcome_days(self) -> int:
        """Days after an origin in which a purchase is looked for while learning."""
        return self.horizon_days

    @abstractmethod
    def _learn(self, examples: list[Examples]) -> None: ...

    @abstractmethod
    def _probabilities(self, features: Floats) -> Floats: ...

    def _explain(self, features: Floats) -> dict[str, Any]:
        return {}

    def _place(self, name: str) -> int:
        return self._columns.features.index(name)

    def _origins(self, first: date, end: date) -> tuple[date, ...]:
        newest = end - timedelta(days=self.horizon_days)
        wanted = [newest - timedelta(days=self.step_days * number) for number in range(self.n_origins)]
        found = tuple(origin for origin in wanted if (origin - first).days >= self.min_history_days)
        if len(found) < 2:
            needed = self.min_history_days + self.step_days + self.horizon_days
            raise BadArgument(
                f"a horizon of {self.horizon_days} days needs {needed} days of purchases before {end}, but they begin on "
                f"{first}; take a shorter horizon or a longer file"
            )
        return found

    def _examples(self, purchases: ir.Table, origin: date, columns: Columns, days: int) -> Examples:
        known = features_of(purchases, origin, columns)
        after = churn_outcomes(purchases, as_of=origin, horizon_days=days, customer=columns.customer, time=columns.time)
        table = as_arrow(known.join(after, "customer_id").order_by("customer_id"))
        churned = table["churned"].to_numpy().astype(np.float64)
        return Examples(origin, matrix_of(table, columns.features), churned)

    def _conclude(self, newest: Examples, last: date, end: date) -> None:
        churned, size = int(newest.churned.sum()), len(newest.churned)
        if churned in (0, size):
            who = "everybody" if churned else "nobody"
            raise BadArgument(
                f"{who} of {size} customers stayed away for {self.horizon_days} days from {newest.origin} on: there is "
                "nothing to tell apart; take another horizon"
            )
        self.n_customers_, self.churn_rate_ = size, churned / size
        warnings = []
        if min(churned, size - churned) < FEW_OUTCOMES:
            warnings.append(
                ModelWarning("few_outcomes", f"Only {min(churned, size - churned)} customers had the rarer outcome.")
            )
        if (silent := (end - last).days - 1) >= max(7, self.horizon_days // 2):
            warnings.append(
                ModelWarning(
                    "silent_end", f"There is no purchase in the {silent} days before {end}: does the file end earlier?"
                )
            )
        self.warnings_ = tuple(warnings)


def features_of(purchases: ir.Table, as_of: date, columns: Columns) -> ir.Table:
    """``churn_features`` of purchases whose columns are named so."""
    return churn_features(
        purchases, as_of=as_of, customer=columns.customer, time=columns.time, amount=columns.amount
    )  # fmt: skip


def matrix_of(table: pa.Table, names: tuple[str, ...]) -> Floats:
    """Columns side by side as float64, NaN where null.

    >>> import pyarrow as pa
    >>> matrix_of(pa.table({"a": [1, None], "b": [2.0, 3.0]}), ("a", "b")).tolist()
    [[1.0, 2.0], [nan, 3.0]]
    """
    import pyarrow as pa

    columns = [table[name].cast(pa.float64()).to_numpy(zero_copy_only=False) for name in names]
    return np.column_stack(columns).astype(np.float64)


def logit(share: Floats) -> Floats:
    """Log-odds; 0 and 1 are moved in by a millionth.

    >>> float(logit(np.array([0.5]))[0])
    0.0
    """
    inner = np.clip(share, 1e-6, 1 - 1e-6)
    found: Floats = np.log(inner / (1 - inner))
    return found
