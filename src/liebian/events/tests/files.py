"""Small files of orders for tests."""

import csv
import io
from datetime import UTC, datetime
from pathlib import Path

from liebian.core.errors import LiebianError
from liebian.events import services
from liebian.events.imports import mapping, reading
from liebian.events.imports.plan import Plan

NOW = datetime(2026, 6, 1, tzinfo=UTC)
UCI = {"preset": "uci-online-retail"}
HEADER = ("InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID", "Country")


def line(
    order="1001", product="22752", quantity=2, at="2011-07-01 10:00", price="2.50", customer="17850", country="France"
):
    return [order, product, "BOX", quantity, at, price, customer, country]


def csv_text(rows, header=HEADER, delimiter=","):
    stream = io.StringIO()
    csv.writer(stream, delimiter=delimiter).writerows([header, *rows])
    return stream.getvalue()


def write(path: Path, rows, *, header=HEADER, encoding="utf-8", delimiter=","):
    path.write_bytes(csv_text(rows, header, delimiter).encode(encoding))
    return path


def run(path: Path, options=UCI, now=NOW):
    job_id = services.start_import(path=path, filename=path.name, options=options, actor="mei", now=now)
    return services.run_import(job_id=job_id, now=now)


def judge(path: Path, folder: Path, options=UCI, now=NOW):
    """(accounting, items, reason by row) without any database."""
    with reading.connect(folder) as connection:
        header = reading.load(connection, path)
        plan = Plan(connection, header, mapping.resolve(options, header), now)
        plan.judge()
        reasons = dict(connection.execute("SELECT n, reason FROM judged ORDER BY n").fetchall())
        return plan.accounting(), [item for chunk in plan.items(0, 1000) for item in chunk], reasons


def code_of(call):
    try:
        call()
    except LiebianError as error:
        return error.code
    return None
