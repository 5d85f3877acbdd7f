"""``liebian-analytics clv``: what customers will buy, from a file of orders, checked against a holdout."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

from cyclopts import App, Parameter

from liebian_analytics.cli.options import COLUMNS, READING, Reading, Result, orders_of, running
from liebian_analytics.cli.output import show
from liebian_analytics.errors import BadArgument
from liebian_analytics.readers.orders import Orders
from liebian_analytics.results import Notice

MODELS = {"bg-nbd": "BgNbd", "mbg-nbd": "MbgNbd", "pareto-nbd": "ParetoNbd"}
DAYS = {"day": 1, "week": 7}
YEAR = 365.25


@dataclass(frozen=True)
class _Span:
    """The days of a fit: ``end`` is the first day after the calibration; ``units`` the time ahead."""

    end: date
    until: date | None
    units: float


def add_clv(app: App, reading_default: Reading, result_default: Result) -> None:
    """Put the command on ``app``."""

    @app.command
    def clv(
        file: Path,
        *,
        customer: Annotated[str, Parameter(group=COLUMNS)],
        time: Annotated[str, Parameter(group=COLUMNS)],
        calibration_end: Annotated[str, Parameter(group=READING)],
        amount: Annotated[str | None, Parameter(group=COLUMNS)] = None,
        model: str = "bg-nbd",
        time_unit: str = "week",
        horizon: float | None = None,
        discount_rate: float = 0.1,
        reading: Reading = reading_default,
        result: Result = result_default,
    ) -> None:
        """Fit how often customers buy and when they stop, and predict what comes.

        Purchases of one day count as one. What the file holds after the calibration is the holdout: actual and
        predicted purchases stand side by side. Per customer: frequency (repeats), recency, T, p_alive,
        expected_purchases over the horizon; with amounts also expected_spend and clv (discounted).

        Parameters
        ----------
        file
            The orders.
        customer
            Column that says whose order it is.
        time
            Column of the day or time.
        calibration_end
            Last day from which the model learns (it counts): 1997-09-30.
        amount
            Column of the amount. An amount of 0 is a purchase here.
        model
            bg-nbd, mbg-nbd or pareto-nbd.
        time_unit
            day or week.
        horizon
            Time units ahead. Without it: to the last day of the file, or a year if it ends with the calibration.
        discount_rate
            Per year, for clv.
        """
        _check(model, time_unit, horizon)
        last = _day(calibration_end)
        with running(reading) as engine:
            orders = orders_of(
                file, engine, reading, customer=customer, time=time, amount=amount, as_of=None, keep_free=True
            )
            days = orders.facts
            span = _span(last, engine.run(days.aggregate(last=days.day.max()))["last"][0].as_py(), horizon, time_unit)
            people = engine.run(orders.named(_summary(orders, span, time_unit, priced=amount is not None), customer))
        _report(people, model, span, time_unit, discount_rate, orders.notices, result, priced=amount is not None)


def _check(model: str, time_unit: str, horizon: float | None) -> None:
    if model not in MODELS:
        raise BadArgument(f"--model cannot be {model!r}; use {', '.join(MODELS)}")
    if time_unit not in DAYS:
        raise BadArgument(f"--time-unit cannot be {time_unit!r}; use {', '.join(DAYS)}")
    if horizon is not None and horizon <= 0:
        raise BadArgument(f"--horizon must be above 0, got {horizon}")


def _summary(orders: Orders, span: _Span, time_unit: str, *, priced: bool) -> Any:
    facts = orders.facts
    return import_module("liebian_analytics.metrics.purchases").purchase_summary(
        facts.mutate(paid=orders.major(facts.amount_minor)),
        as_of=span.end,
        time_unit=time_unit,
        holdout_until=span.until,
        amount="paid" if priced else None,
    )


def _report(
    people: Any,
    model: str,
    span: _Span,
    time_unit: str,
    discount_rate: float,
    notices: tuple[Notice, ...],
    result: Result,
    *,
    priced: bool,
) -> None:
    if not people.num_rows:
        raise BadArgument(f"nobody bought before {span.end}, so there is nothing to learn from")
    models = import_module("liebian_analytics.models")
    fitted = getattr(models, MODELS[model])().fit(people)
    facts: dict[str, Any] = {
        "model": model,
        "params": fitted.params_,
        "log_likelihood": fitted.log_likelihood_,
        "n_customers": people.num_rows,
        "time_unit": time_unit,
        "horizon": span.units,
    }
    expected = fitted.expected_purchases(people, span.units)
    if span.until is not None:
        actual = sum(people["holdout_frequency"].to_pylist())
        facts["holdout"] = {"duration": span.units, "actual": actual, "predicted": float(expected.sum())}
        people = people.drop_columns(["holdout_duration"])
    said = [Notice(warning.code, warning.message) for warning in fitted.warnings_]
    columns = {"p_alive": fitted.probability_alive(people), "expected_purchases": expected}
    if priced:
        spend = models.GammaGamma().fit(people)
        facts["gamma_gamma"] = {"params": spend.params_, "log_likelihood": spend.log_likelihood_}
        said += [Notice(warning.code, warning.message) for warning in spend.warnings_]
        year = YEAR / DAYS[time_unit]
        worth = models.clv(fitted, spend, people, horizon=span.units, discount_rate=discount_rate, period=year)
        columns |= {name: worth[name] for name in ("expected_spend", "clv")}
    for name, values in columns.items():
        people = people.append_column(name, values if hasattr(values, "type") else _array(values))
    show("clv", people, result, notices=[*notices, *said], facts=facts, with_rows=False)


def _array(values: Any) -> Any:
    import pyarrow as pa

    return pa.array(values)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise BadArgument(f"--calibration-end must be a day such as 1997-09-30; got {text!r}") from None


def _span(last: date, last_of_file: date | None, horizon: float | None, time_unit: str) -> _Span:
    """A holdout must lie within the file: beyond its last day nobody knows what happened."""
    end = last + timedelta(days=1)
    after = 0 if last_of_file is None else (last_of_file - last).days
    if horizon is None:
        if after <= 0:
            return _Span(end, None, YEAR / DAYS[time_unit])
        return _Span(end, end + timedelta(days=after), after / DAYS[time_unit])
    days = horizon * DAYS[time_unit]
    whole = days == int(days) and days <= after
    return _Span(end, end + timedelta(days=int(days)) if whole else None, horizon)
