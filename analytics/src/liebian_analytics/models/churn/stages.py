"""Lifecycle by hazard: the stages of ``metrics.lifecycle`` with chances of staying away in place of days of silence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from liebian_analytics.arrow import as_arrow
from liebian_analytics.errors import BadArgument
from liebian_analytics.models.histories import number_column

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True, slots=True)
class HazardStages:
    """Limits of the stages; the first line that fits decides.

    1. lost: the chance of staying away is at least ``lost``.
    2. at_risk: it is at least ``at_risk``.
    3. new: the first purchase is at most ``new_days`` days ago.
    4. loyal: at least ``loyal_purchases`` days with a purchase.
    5. active: everybody else.

    Raises
    ------
    BadArgument
        If the limits do not ascend.

    Examples
    --------
    >>> HazardStages().lost
    0.9
    """

    at_risk: float = 0.6
    lost: float = 0.9
    new_days: int = 30
    loyal_purchases: int = 3

    def __post_init__(self) -> None:
        if not 0 < self.at_risk < self.lost <= 1:
            raise BadArgument("hazard stages need 0 < at_risk < lost <= 1")
        if self.new_days < 1 or self.loyal_purchases < 2:
            raise BadArgument("new_days must be at least 1 and loyal_purchases at least 2")


def hazard_stages(predictions: Any, *, limits: HazardStages | None = None) -> pa.Table:
    """The lifecycle stage of every customer by the chance of staying away.

    Parameters
    ----------
    predictions
        As a churn model's ``predict`` returns it: ``customer_id``, ``churn_probability``, ``age_days``, ``n_purchases``.
    limits
        Limits of the stages; ``None`` = the defaults of ``HazardStages``.

    Returns
    -------
    Arrow table, one row per customer, in the order given: ``customer_id``, ``stage`` string (``STAGES`` of the lifecycle
    without ``potential``: who never bought has no chance to estimate), ``churn_probability`` float64 (0-1).

    Raises
    ------
    SchemaMismatch
        If a column is missing.

    Examples
    --------
    >>> told = {"customer_id": [1, 2, 3], "churn_probability": [0.95, 0.2, 0.2], "age_days": [300, 9, 400], "n_purchases": [2, 1, 8]}
    >>> hazard_stages(told)["stage"].to_pylist()
    ['lost', 'new', 'loyal']
    """
    import pyarrow as pa

    rules, table = limits or HazardStages(), as_arrow(predictions)
    chance, age, purchases = (number_column(table, name) for name in ("churn_probability", "age_days", "n_purchases"))
    stage = np.select(
        [chance >= rules.lost, chance >= rules.at_risk, age <= rules.new_days, purchases >= rules.loyal_purchases],
        ["lost", "at_risk", "new", "loyal"],
        "active",
    )
    return pa.table(
        {"customer_id": table["customer_id"], "stage": stage.tolist(), "churn_probability": table["churn_probability"]}
    )
