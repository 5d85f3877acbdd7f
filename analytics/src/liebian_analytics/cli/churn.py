"""``liebian-analytics churn``: who will stay away, why, and whether such a forecast would have held in the past."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import App, Parameter

from liebian_analytics.cli.options import COLUMNS, READING, Reading, Result, day_or_instant, orders_of, running
from liebian_analytics.cli.output import show
from liebian_analytics.errors import BadArgument
from liebian_analytics.periods import end_day
from liebian_analytics.results import Notice

if TYPE_CHECKING:
    import pyarrow as pa

    from liebian_analytics.engines import Engine
    from liebian_analytics.models.churn.base import ChurnModel
    from liebian_analytics.readers.orders import Orders

MODELS = {"boosted": "BoostedChurn", "hazard": "HazardChurn", "recency": "RecencyRule"}
BACKTEST_STEP_DAYS = 14


def add_churn(app: App, reading_default: Reading, result_default: Result) -> None:
    """Put the command on ``app``."""

    @app.command
    def churn(
        file: Path,
        *,
        customer: Annotated[str, Parameter(group=COLUMNS)],
        time: Annotated[str, Parameter(group=COLUMNS)],
        as_of: Annotated[str, Parameter(group=READING)],
        amount: Annotated[str | None, Parameter(group=COLUMNS)] = None,
        model: str = "boosted",
        horizon_days: int = 60,
        backtest: int = 0,
        weekly_capacity: int = 100,
        reading: Reading = reading_default,
        result: Result = result_default,
    ) -> None:
        """Estimate for each customer the chance of no purchase in the days from --as-of on, and say what drives it.

        The model learns from days in the past whose outcome is known by --as-of; nothing later is read. Purchases of one
        day count as one. Per customer, likeliest to stay away first: churn_probability; with boosted driver (what raises
        it most against a typical customer: silence, frequency, rhythm, tenure, spend) and each effect in log-odds; warning
        (silent or slowing against the customer's own rhythm; empty below four purchases); the features.

        Parameters
        ----------
        file
            The orders.
        customer
            Column that says whose order it is.
        time
            Column of the day or time.
        as_of
            First day that no longer counts, and the first day of the forecast.
        amount
            Column of the amount; with it, spend is a feature. An amount of 0 is a purchase here.
        model
            boosted (calibrated trees), hazard (weekly chance of buying again) or recency (the simple rule).
        horizon_days
            Days in which a purchase is looked for.
        backtest
            Fit and judge as of so many days in the past, two weeks apart, and report log-loss, calibration, precision at
            capacity and lead time beside the recency rule.
        weekly_capacity
            How many customers you can look after in a week, for the back-test.
        """
        chosen, day = model_named(model, horizon_days), day_or_instant(as_of)
        with running(reading) as engine:
            orders = orders_of(
                file, engine, reading, customer=customer, time=time, amount=amount, as_of=day, keep_free=True
            )
            purchases, paid = engine.keep(purchases_of(orders, priced=amount is not None)), amount and "paid"
            chosen.fit(purchases, as_of=day, amount=paid)
            people = _people(engine, orders, purchases, chosen.predict(purchases, as_of=day), end_day(day), customer)
            facts: dict[str, Any] = {"as_of": as_of, "model": model, **_learned(chosen, people)}
            if origins := _origins(end_day(day), horizon_days, backtest):
                facts["backtest"] = _judge(model, purchases, origins, horizon_days, weekly_capacity, paid)
        notices = (*orders.notices, *(Notice(w.code, w.message) for w in chosen.warnings_))
        show("churn", people, result, notices=notices, facts=facts)


def _learned(model: ChurnModel, people: pa.Table) -> dict[str, Any]:
    return {
        "horizon_days": model.horizon_days,
        "n_customers": people.num_rows,
        "churn_rate_before": model.churn_rate_,
    }


def model_named(model: str, horizon_days: int) -> ChurnModel:
    """An unfitted churn model.

    Raises
    ------
    BadArgument
        If there is no such model.
    """
    from liebian_analytics import models

    if model not in MODELS:
        raise BadArgument(f"--model cannot be {model!r}; use {', '.join(MODELS)}")
    found: ChurnModel = getattr(models, MODELS[model])(horizon_days=horizon_days)
    return found


def purchases_of(orders: Orders, *, priced: bool) -> Any:
    """Orders of a file as purchases: customer_id, day, paid (unit of the file)."""
    facts = orders.facts
    paid = {"paid": orders.major(facts.amount_minor)} if priced else {}
    return facts.select("customer_id", "day", **paid)


def stages_by_hazard(engine: Engine, orders: Orders, day: Any, horizon_days: int, customer: str) -> pa.Table:
    """``lifecycle --by hazard``: customer, stage, churn_probability."""
    from liebian_analytics.models import HazardChurn, hazard_stages

    purchases = engine.keep(purchases_of(orders, priced=False))
    model = HazardChurn(horizon_days=horizon_days).fit(purchases, as_of=day)
    staged = hazard_stages(model.predict(purchases, as_of=day))
    return engine.run(orders.named(engine.from_arrow(staged), customer))


def _people(engine: Engine, orders: Orders, purchases: Any, said: pa.Table, end: date, customer: str) -> pa.Table:
    from liebian_analytics.metrics.early_warning import early_warnings

    warned = early_warnings(purchases, as_of=end).select("customer_id", "warning")
    table = engine.from_arrow(said).left_join(warned, "customer_id").drop("customer_id_right")
    found = engine.run(orders.named(table, customer)).sort_by(
        [("churn_probability", "descending"), (customer, "ascending")]
    )
    first = [
        customer,
        "churn_probability",
        *(name for name in ("driver",) if name in found.column_names),
        "warning",
        "recency_days",
    ]
    rest = [name for name in found.column_names if name not in first and not name.startswith("effect_")]
    effects = [name for name in found.column_names if name.startswith("effect_")]
    return found.select([*first, *rest, *effects])


def _origins(end: date, horizon_days: int, number: int) -> list[date]:
    return [end - timedelta(days=horizon_days + BACKTEST_STEP_DAYS * place) for place in range(number)]


def _judge(
    model: str, purchases: Any, origins: list[date], horizon_days: int, weekly_capacity: int, paid: str | None
) -> dict[str, Any]:
    from liebian_analytics.models import backtest_churn

    judged = backtest_churn(
        lambda: model_named(model, horizon_days),
        purchases,
        as_ofs=origins,
        weekly_capacity=weekly_capacity,
        amount=paid,
    )
    whole = judged.model
    return {
        "n_judged": whole.n_customers, "log_loss": whole.log_loss, "rule_log_loss": judged.rule.log_loss, "brier": whole.brier,
        "auc": whole.auc, "calibration_slope": whole.calibration_slope, "calibration_intercept": whole.calibration_intercept,
        "weekly_capacity": judged.weekly_capacity, "origins": judged.table().to_pylist(),
    }  # fmt: skip
