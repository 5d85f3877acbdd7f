"""``liebian-analytics``: grade the customers of a file."""

from __future__ import annotations

import sys
from datetime import date
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any

from cyclopts import App, CycloptsError, Parameter

from liebian_analytics import __version__
from liebian_analytics.cli.churn import add_churn, stages_by_hazard
from liebian_analytics.cli.clv import add_clv
from liebian_analytics.cli.options import (
    COLUMNS,
    READING,
    Reading,
    Result,
    day_or_instant,
    named_numbers,
    numbers,
    orders_of,
    running,
    working,
)
from liebian_analytics.cli.output import refuse, show
from liebian_analytics.engines import DEFAULT
from liebian_analytics.errors import AnalyticsError

HELP = """Who your customers are, from a file of orders to a decision.

FILE is CSV, XLSX, Parquet, a database file, or a folder with a Delta table. Name its columns by options; a name that is
not there is answered with the nearest that is. Nothing here reads the clock: --as-of is the first day that no longer
counts. What was odd in the file is said as a warning. Errors end with status 2 and one sentence.

    liebian-analytics quality orders.csv
    liebian-analytics rfm orders.csv --customer CustomerID --time InvoiceDate --amount Total --order InvoiceNo --as-of 2011-12-10 --out rfm.parquet
    liebian-analytics abc orders.csv --customer CustomerID --amount Total
    liebian-analytics weighted rfm.parquet --key CustomerID --weights frequency=2,monetary_value=1,recency_days=-1
"""

app = App(
    name="liebian-analytics", help=HELP, help_format="plaintext", version=__version__, result_action="return_value"
)

Customer = Annotated[str, Parameter(group=COLUMNS)]
Time = Annotated[str, Parameter(group=COLUMNS)]
Amount = Annotated[str, Parameter(group=COLUMNS)]
AsOfDay = Annotated[str, Parameter(group=READING)]
READ, RESULT = Reading(), Result()
if find_spec("liebian_analytics.models") is not None:
    add_clv(app, READ, RESULT)
    add_churn(app, READ, RESULT)


@app.command
def rfm(
    file: Path,
    *,
    customer: Customer,
    time: Time,
    amount: Amount,
    as_of: AsOfDay,
    bins: int = 5,
    cuts: str = "quantile",
    reading: Reading = READ,
    result: Result = RESULT,
) -> None:
    """Score recency, frequency and money 1 (worst) to 5 (best), and name the cell.

    One row per customer: recency_days (1 = bought on the last day that counts), frequency (orders), monetary_value (in
    the unit of the file), r, f, m, cell. Equal customers score equally, so bins may be uneven.

    Parameters
    ----------
    file
        The orders.
    customer
        Column that says whose order it is.
    time
        Column of the day or time.
    amount
        Column of the amount. Zero and less are no orders: they are left out, with a warning.
    as_of
        First day that no longer counts: 2011-12-10 counts all up to the 9th.
    bins
        Number of scores.
    cuts
        Where scores begin: quantile (customers in equal parts) or kmeans (at the gaps).
    """
    from liebian_analytics.metrics.rfm import rfm as scored
    from liebian_analytics.metrics.rfm import rfm_cuts
    from liebian_analytics.metrics.rfm_kmeans import kmeans_cuts

    day = day_or_instant(as_of)
    if cuts not in ("quantile", "kmeans"):
        raise _unknown("--cuts", cuts, "quantile, kmeans")
    with running(reading) as engine:
        orders = orders_of(file, engine, reading, customer=customer, time=time, amount=amount, as_of=day)
        drawn = (kmeans_cuts if cuts == "kmeans" else rfm_cuts)(orders.facts, as_of=day, bins=bins)
        people = scored(orders.facts, as_of=day, bins=bins, cuts=drawn)
        table = orders.named(people.mutate(monetary_value=orders.major(people.monetary_value)), customer)
        columns = [customer, "recency_days", "frequency", "monetary_value", "r", "f", "m", "cell"]
        found = engine.run(table.select(*columns))
    facts: dict[str, Any] = {"as_of": as_of, "n_customers": found.num_rows}
    if drawn is not None:
        money = [cut / 10**orders.digits for cut in drawn.monetary]
        facts["cuts"] = {"recency": list(drawn.recency), "frequency": list(drawn.frequency), "monetary": money}
    show("rfm", found, result, notices=orders.notices, facts=facts)


@app.command
def abc(
    file: Path,
    *,
    customer: Customer,
    amount: Amount,
    time: Annotated[str | None, Parameter(group=COLUMNS)] = None,
    as_of: Annotated[str | None, Parameter(group=READING)] = None,
    cuts: str = "0.8,0.95",
    reading: Reading = READ,
    result: Result = RESULT,
) -> None:
    """Grade customers (or products: name their column) A, B or C by their share of revenue.

    Sorted by revenue, an item is A while the items before it hold less than the first cut, B while they hold less than
    the second, else C: the item that crosses 80 % is still A. One row per item: revenue, rank, share_before, grade.

    Parameters
    ----------
    file
        The orders.
    customer
        Column of the item to grade.
    amount
        Column of the amount.
    time
        Column of the day, if only orders before --as-of are to count.
    as_of
        First day that no longer counts.
    cuts
        The two shares.
    """
    from liebian_analytics.metrics.abc import abc as graded
    from liebian_analytics.metrics.abc import customer_revenue

    if (time is None) != (as_of is None):
        raise _unknown("--time and --as-of", "only one of them", "both, or neither")
    day = None if as_of is None else day_or_instant(as_of)
    shares = numbers(cuts, "--cuts")
    with running(reading) as engine:
        orders = orders_of(file, engine, reading, customer=customer, time=time, amount=amount, as_of=day)
        people = graded(customer_revenue(orders.facts, as_of=day or date.max), key="customer_id", cuts=shares)
        named = orders.named(people.mutate(revenue=orders.major(people.revenue_minor)), customer)
        table = engine.run(named.select(customer, "revenue", "rank", "share_before", "grade").order_by("rank"))
    counts = table.group_by("grade").aggregate([("grade", "count")]).to_pylist()
    facts = {"grades": {row["grade"]: row["grade_count"] for row in sorted(counts, key=lambda row: row["grade"])}}
    show("abc", table, result, notices=orders.notices, facts=facts)


@app.command
def lifecycle(
    file: Path,
    *,
    customer: Customer,
    time: Time,
    as_of: AsOfDay,
    amount: Annotated[str | None, Parameter(group=COLUMNS)] = None,
    new_days: int = 30,
    active_days: int = 90,
    lost_after_days: int = 180,
    loyal_orders: int = 3,
    by: str = "rules",
    horizon_days: int = 60,
    reading: Reading = READ,
    result: Result = RESULT,
) -> None:
    """Say where each customer stands: new, active, loyal, at_risk or lost.

    lost: silent for more than --lost-after-days; else at_risk: for more than --active-days; else new: first order at
    most --new-days ago; else loyal: at least --loyal-orders orders; else active.

    Parameters
    ----------
    file
        The orders.
    customer
        Column that says whose order it is.
    time
        Column of the day or time.
    as_of
        First day that no longer counts.
    amount
        Column of the amount; without it revenue is not shown.
    new_days
        First order at most so many days ago: new.
    active_days
        Silent for more days: at_risk.
    lost_after_days
        Silent for more days: lost.
    loyal_orders
        Orders from which a customer is loyal.
    by
        rules (days of silence, the limits above) or hazard (chance of no purchase in --horizon-days, which knows each
        customer's rhythm: lost from 90 %, at_risk from 60 %).
    horizon_days
        Days ahead, for hazard.
    """
    from liebian_analytics.metrics.lifecycle import LifecycleRules
    from liebian_analytics.metrics.lifecycle import lifecycle as staged

    day = day_or_instant(as_of)
    if by not in ("rules", "hazard"):
        raise _unknown("--by", by, "rules, hazard")
    rules = LifecycleRules(new_days, active_days, lost_after_days, loyal_orders)
    with running(reading) as engine:
        orders = orders_of(file, engine, reading, customer=customer, time=time, amount=amount, as_of=day)
        if by == "hazard":
            table = stages_by_hazard(engine, orders, day, horizon_days, customer)
            show("lifecycle", table, result, notices=orders.notices, facts={"as_of": as_of, "stages": _stages(table)})
            return
        facts = orders.facts
        known = facts.group_by("customer_id").aggregate(first_seen_at=facts["at"].min(), first_seen_day=facts.day.min())
        people = staged(facts, known, as_of=day, rules=rules)
        if amount is not None:
            people = people.mutate(revenue=orders.major(people.revenue_minor))
        table = engine.run(orders.named(people.drop("revenue_minor"), customer))
    show("lifecycle", table, result, notices=orders.notices, facts={"as_of": as_of, "stages": _stages(table)})


def _stages(table: Any) -> dict[str, int]:
    counts = table.group_by("stage").aggregate([("stage", "count")]).to_pylist()
    return {row["stage"]: row["stage_count"] for row in sorted(counts, key=lambda row: row["stage"])}


@app.command
def quality(
    file: Path,
    *,
    table: Annotated[str | None, Parameter(group=READING)] = None,
    engine: Annotated[str, Parameter(group=READING)] = DEFAULT,
    result: Result = RESULT,
) -> None:
    """Say what every column holds: nulls, blanks, distinct values, negative amounts, smallest and largest.

    Run it first: it needs no option and shows the names that other commands ask for. Columns of CSV are text, unless
    every value is a number.

    Parameters
    ----------
    file
        Any table.
    table
        Sheet of a workbook (default: the first) or table of a database (default: the only one).
    engine
        What computes: in this process, or spark://host:port.
    """
    from liebian_analytics.engines import connect
    from liebian_analytics.metrics.quality import quality as report
    from liebian_analytics.readers.files import open_table
    from liebian_analytics.readers.typing import numbers_where_all_are

    with connect(engine) as running_on, working():
        found = numbers_where_all_are(open_table(file, running_on, table=table), running_on)
        columns = running_on.run(report(found))
    show("quality", columns.drop_columns(["position"]), result)


@app.command
def weighted(
    file: Path,
    *,
    key: Annotated[str, Parameter(group=COLUMNS)],
    weights: str,
    normalise: str = "minmax",
    table: Annotated[str | None, Parameter(group=READING)] = None,
    engine: Annotated[str, Parameter(group=READING)] = DEFAULT,
    result: Result = RESULT,
) -> None:
    """Add several indicators up to one score of 0 to 100, with weights you choose.

    Parameters
    ----------
    file
        One row per item, such as what rfm wrote with --out.
    key
        Column of the item.
    weights
        Indicators and weights: frequency=2,recency_days=-1. Negative: less is better.
    normalise
        minmax, rank (outliers do no harm) or zscore (unbounded).
    table
        Sheet of a workbook (default: the first) or table of a database (default: the only one).
    engine
        What computes: in this process, or spark://host:port.
    """
    from liebian_analytics.engines import connect
    from liebian_analytics.metrics.weighted import weighted as scored
    from liebian_analytics.readers.files import find_column, open_table
    from liebian_analytics.readers.typing import check_key, numbers_where_all_are

    chosen = named_numbers(weights, "--weights")
    with connect(engine) as running_on, working():
        found = numbers_where_all_are(open_table(file, running_on, table=table), running_on)
        find_column(key, found.columns, option="--key", where=file.name)
        for name in chosen:
            find_column(name, found.columns, option="--weights", where=file.name)
        notices = check_key(found, key, list(chosen), running_on)
        scores = running_on.run(scored(found, key=key, weights=chosen, normalise=normalise).order_by("rank", key))
    show("weighted", scores, result, notices=notices, facts={"normalise": normalise, "weights": chosen})


def _unknown(option: str, value: str, known: str) -> AnalyticsError:
    from liebian_analytics.errors import BadArgument

    return BadArgument(f"{option} cannot be {value!r}; use {known}")


def run() -> None:
    """Run a command; errors that people can repair end with status 2 and one sentence."""
    try:
        app(exit_on_error=False, print_error=False)
    except CycloptsError as error:
        refuse(str(error))
        sys.exit(2)
    except AnalyticsError as error:
        refuse(str(error))
        sys.exit(2)
    except OSError as error:
        refuse(f"{error.filename or 'a file'}: {error.strerror or error}")
        sys.exit(2)


if __name__ == "__main__":
    run()
