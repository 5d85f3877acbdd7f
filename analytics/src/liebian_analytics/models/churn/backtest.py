"""Would it have worked? A model fitted again as of several days in the past, against what happened after each.

Owns the comparison with the recency rule; fits nothing itself.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from liebian_analytics.arrow import as_arrow
from liebian_analytics.charts.series import Series, chart_option, plot_series
from liebian_analytics.errors import BadArgument
from liebian_analytics.metrics.churn import churn_outcomes
from liebian_analytics.metrics.purchases import purchase_days
from liebian_analytics.models.churn.base import ChurnModel, logit
from liebian_analytics.models.churn.boosted import fit_line
from liebian_analytics.models.churn.recency_rule import RecencyRule
from liebian_analytics.models.histories import Floats
from liebian_analytics.periods import AsOf, end_day

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa

BINS = 10


@dataclass(frozen=True, slots=True)
class ChurnScores:
    """How well chances fitted what happened.

    Parameters
    ----------
    n_customers, churn_rate
        Customers judged, and the share who stayed away (0-1).
    log_loss, brier
        Mean of -ln(chance given to what happened) and of squared error; smaller is better.
    auc
        Chance that somebody who stayed away was given more than somebody who did not; ``None`` if all did the same.
    calibration_slope, calibration_intercept
        Of the outcome on the log-odds; 1 and 0 if the chances are right, a slope below 1 if they are too extreme.
    """

    n_customers: int
    churn_rate: float
    log_loss: float
    brier: float
    auc: float | None
    calibration_slope: float
    calibration_intercept: float


@dataclass(frozen=True, slots=True)
class Origin:
    """One day of a back-test.

    Parameters
    ----------
    as_of
        The day.
    model, rule
        Scores of the model and of the recency rule on the same customers.
    precision_at_capacity, rule_precision_at_capacity
        Share who stayed away among the ``weekly_capacity`` customers likeliest to, of those not given up yet; ``None`` if there
        are none.
    lead_days
        Median, over those of them who stayed away, of the days until their silence would have reached the horizon, when
        anybody would have seen it; ``None`` if none stayed away.
    """

    as_of: date
    model: ChurnScores
    rule: ChurnScores
    precision_at_capacity: float | None
    rule_precision_at_capacity: float | None
    lead_days: float | None


@dataclass(frozen=True, slots=True)
class ChurnBacktest:
    """Scores per origin, and of all customers of all origins together (``model``, ``rule``).

    ``reliability`` has rows of (mean chance given, share who stayed away, customers) for ten groups of equal size.
    """

    origins: tuple[Origin, ...]
    model: ChurnScores
    rule: ChurnScores
    weekly_capacity: int
    reliability: tuple[tuple[float, float, int], ...]

    def table(self) -> pa.Table:
        """One row per origin: ``as_of`` date, ``n_customers`` int64, and float64: ``churn_rate``, ``log_loss``, ``rule_log_loss``,
        ``brier``, ``auc``, ``calibration_slope``, ``calibration_intercept``, ``precision_at_capacity``,
        ``rule_precision_at_capacity``, ``lead_days``."""
        import pyarrow as pa

        rows = [
            {
                "as_of": one.as_of, "n_customers": one.model.n_customers, "churn_rate": one.model.churn_rate,
                "log_loss": one.model.log_loss, "rule_log_loss": one.rule.log_loss, "brier": one.model.brier,
                "auc": one.model.auc, "calibration_slope": one.model.calibration_slope,
                "calibration_intercept": one.model.calibration_intercept,
                "precision_at_capacity": one.precision_at_capacity,
                "rule_precision_at_capacity": one.rule_precision_at_capacity, "lead_days": one.lead_days,
            }
            for one in self.origins
        ]  # fmt: skip
        return pa.Table.from_pylist(rows)

    def chart(self) -> dict[str, Any]:
        """ECharts option: chance given against share who stayed away."""
        return chart_option("line", *self._drawing())

    def plot(self, axes: Any = None) -> Any:
        """The same with matplotlib; returns the axes."""
        return plot_series("line", *self._drawing(), axes=axes)

    def _drawing(self) -> tuple[str, list[str], str, list[Series]]:
        given = [row[0] for row in self.reliability]
        happened = Series("stayed away", [row[1] for row in self.reliability])
        return "chance given", [f"{chance:.2f}" for chance in given], "share", [happened, Series("if right", given)]


def backtest_churn(
    make_model: Callable[[], ChurnModel],
    purchases: ir.Table,
    *,
    as_ofs: Sequence[AsOf],
    weekly_capacity: int = 100,
    customer: str = "customer_id",
    time: str = "day",
    amount: str | None = None,
) -> ChurnBacktest:
    """Fit a fresh model as of each day in the past, predict, and compare with what came, beside the recency rule.

    Parameters
    ----------
    make_model
        Returns an unfitted model; called once per origin.
    purchases
        One row per purchase (or order line), on any engine.
    as_ofs
        The origins. The horizon after each must lie within the purchases.
    weekly_capacity
        How many customers can be looked after in a week, at least 1.
    customer, time, amount
        Names of the columns, as for ``churn_features``.

    Raises
    ------
    BadArgument
        If there is no origin, the capacity is below 1, or an origin is too late to be judged or too early to learn from.
    """
    origins = sorted(end_day(as_of) for as_of in as_ofs)
    if not origins or weekly_capacity < 1:
        raise BadArgument("a back-test needs at least one origin and a weekly capacity of at least 1")
    horizon = make_model().horizon_days
    days = purchase_days(purchases, customer, time, None)
    last = as_arrow(days.aggregate(last=days.day.max()))["last"][0].as_py()
    judged_by = last - timedelta(days=horizon - 1) if last else None
    if judged_by is None or origins[-1] > judged_by:
        raise BadArgument(
            f"the purchases end on {last}: {judged_by} is the last origin whose {horizon} days can be judged"
        )
    found: list[Origin] = []
    outcomes, chances, by_rule = [], [], []
    for origin in origins:
        columns = {"customer": customer, "time": time, "amount": amount}
        said = make_model().fit(purchases, as_of=origin, **columns).predict(purchases, as_of=origin)  # type: ignore[arg-type]
        rule = RecencyRule(horizon_days=horizon, n_origins=2, step_days=1)
        plain = rule.fit(purchases, as_of=origin, **columns).predict(purchases, as_of=origin)  # type: ignore[arg-type]
        after = as_arrow(
            churn_outcomes(purchases, as_of=origin, horizon_days=horizon, customer=customer, time=time).order_by(
                "customer_id"
            )
        )
        said, plain = said.sort_by("customer_id"), plain.sort_by("customer_id")
        churned = after["churned"].to_numpy().astype(np.float64)
        chance, ruled = said["churn_probability"].to_numpy(), plain["churn_probability"].to_numpy()
        found.append(_origin(origin, churned, chance, ruled, said["recency_days"].to_numpy(), horizon, weekly_capacity))
        outcomes.append(churned)
        chances.append(chance)
        by_rule.append(ruled)
    outcome, chance, ruled = np.concatenate(outcomes), np.concatenate(chances), np.concatenate(by_rule)
    return ChurnBacktest(
        tuple(found), _scores(outcome, chance), _scores(outcome, ruled), weekly_capacity, _reliability(outcome, chance)
    )


def _origin(
    as_of: date, churned: Floats, chance: Floats, ruled: Floats, recency: Floats, horizon: int, capacity: int
) -> Origin:
    here = np.flatnonzero(recency <= horizon)  # whoever is silent for longer needs no model to be missed
    chosen = here[np.argsort(-chance[here], kind="stable")[:capacity]]
    by_rule = here[np.lexsort((-recency[here], -ruled[here]))[:capacity]]
    gone = chosen[churned[chosen] == 1]
    return Origin(
        as_of=as_of,
        model=_scores(churned, chance),
        rule=_scores(churned, ruled),
        precision_at_capacity=float(churned[chosen].mean()) if len(chosen) else None,
        rule_precision_at_capacity=float(churned[by_rule].mean()) if len(by_rule) else None,
        lead_days=float(np.median(horizon + 1 - recency[gone])) if len(gone) else None,
    )


def _scores(churned: Floats, chance: Floats) -> ChurnScores:
    inner = np.clip(chance, 1e-6, 1 - 1e-6)
    slope, intercept = fit_line(logit(chance), churned)
    return ChurnScores(
        n_customers=len(churned),
        churn_rate=float(churned.mean()),
        log_loss=float(-np.mean(churned * np.log(inner) + (1 - churned) * np.log(1 - inner))),
        brier=float(np.mean((chance - churned) ** 2)),
        auc=_auc(churned, chance),
        calibration_slope=slope,
        calibration_intercept=intercept,
    )


def _auc(churned: Floats, chance: Floats) -> float | None:
    from scipy.stats import rankdata

    gone = churned == 1
    n_gone, n_here = int(gone.sum()), int((~gone).sum())
    if not n_gone or not n_here:
        return None
    return float((rankdata(chance)[gone].sum() - n_gone * (n_gone + 1) / 2) / (n_gone * n_here))


def _reliability(churned: Floats, chance: Floats) -> tuple[tuple[float, float, int], ...]:
    groups = np.array_split(np.argsort(chance, kind="stable"), BINS)
    return tuple((float(chance[g].mean()), float(churned[g].mean()), len(g)) for g in groups if len(g))
