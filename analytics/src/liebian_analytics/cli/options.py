"""Options that commands share, and what they stand for."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from cyclopts import Group, Parameter

from liebian_analytics.engines import DEFAULT, Engine, connect
from liebian_analytics.errors import BadArgument
from liebian_analytics.periods import AsOf
from liebian_analytics.readers.orders import Orders, OrderSource, parse_as_of, read_orders

COLUMNS = Group("Columns of the file", sort_key=1)
READING = Group("Reading", sort_key=2)
RESULT = Group("Result", sort_key=3)


@Parameter(name="*")
@dataclass(frozen=True)
class Reading:
    """How the file is read."""

    order: Annotated[str | None, Parameter(group=COLUMNS)] = None
    "Order number, if a file has several lines per order. Without it every row is an order."
    currency: Annotated[str | None, Parameter(group=COLUMNS)] = None
    "Currency, if the file has it. Mixed currencies are refused."
    only_currency: Annotated[str | None, Parameter(group=READING)] = None
    "Keep only amounts in this currency."
    zone: Annotated[str, Parameter(group=READING)] = "UTC"
    "Time zone in which days begin, such as Asia/Shanghai. Times without a zone are times of it."
    time_format: Annotated[str | None, Parameter(group=READING)] = None
    "How times are written, such as %m/%d/%Y %H:%M. Without it ISO 8601: 2026-01-31 18:30."
    skip_bad: Annotated[bool, Parameter(group=READING, negative="")] = False
    "Leave rows out that cannot be read, with a warning, instead of stopping at them."
    table: Annotated[str | None, Parameter(group=READING)] = None
    "Sheet of a workbook (default: the first) or table of a database (default: the only one)."
    engine: Annotated[str, Parameter(group=READING)] = DEFAULT
    "What computes: in this process, or spark://host:port."


@Parameter(name="*")
@dataclass(frozen=True)
class Result:
    """Where the result goes."""

    out: Annotated[Path | None, Parameter(group=RESULT)] = None
    "Write the table here: .parquet, .csv, .xlsx, .db (a DuckDB database) or .delta (a folder)."
    json: Annotated[bool, Parameter(group=RESULT, negative="")] = False
    "Print exactly one JSON object: the rows (unless --out takes them), counts and warnings."


@contextmanager
def running(reading: Reading) -> Iterator[Engine]:
    """The engine that was asked for, while people at a terminal see that something is going on."""
    with connect(reading.engine) as engine, working():
        yield engine


@contextmanager
def working() -> Iterator[None]:
    """A spinner with the time it takes, on the error stream of a terminal; nothing anywhere else."""
    if not sys.stderr.isatty():
        yield
        return
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TextColumn("reading and computing"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        progress.add_task("", total=None)
        yield


def orders_of(
    file: Path,
    engine: Engine,
    reading: Reading,
    *,
    customer: str,
    time: str | None,
    amount: str | None,
    as_of: AsOf | None,
    keep_free: bool = False,
) -> Orders:
    """The file's orders on ``engine``."""
    columns = OrderSource(
        customer,
        time,
        amount,
        reading.order,
        reading.currency,
        reading.only_currency,
        reading.zone,
        reading.time_format,
        reading.skip_bad,
        keep_free,
    )
    return read_orders(file, columns, engine, as_of=as_of, table=reading.table)


def day_or_instant(text: str) -> AsOf:
    """``--as-of`` as a day or instant."""
    return parse_as_of(text)


def numbers(text: str, option: str) -> list[float]:
    """Numbers between commas.

    >>> numbers("0.8,0.95", "--cuts")
    [0.8, 0.95]
    """
    try:
        return [float(part) for part in text.split(",")]
    except ValueError:
        raise BadArgument(f"{option} must be numbers between commas, such as 0.8,0.95; got {text!r}") from None


def named_numbers(text: str, option: str) -> dict[str, float]:
    """Names and numbers between commas.

    >>> named_numbers("frequency=2,recency_days=-1", "--weights")
    {'frequency': 2.0, 'recency_days': -1.0}
    """
    pairs = [part.partition("=") for part in text.split(",")]
    try:
        return {name.strip(): float(value) for name, _, value in pairs}
    except ValueError:
        raise BadArgument(f"{option} must be like frequency=2,recency_days=-1; got {text!r}") from None
