"""Published and independently computed numbers on real data (sources in the shared data's README)."""

from __future__ import annotations

import math
from collections import Counter
from datetime import date
from pathlib import Path

import ibis
import ibis.expr.types as ir
import numpy as np
import pytest
from liebian_analytics.engines import Engine
from liebian_analytics.metrics.abc import abc, product_revenue
from liebian_analytics.metrics.orders import order_facts_of_lines
from liebian_analytics.metrics.rfm import RfmCuts, rfm, rfm_cuts, rfm_values
from liebian_analytics.metrics.summary import monthly_revenue

from .retail import retail_lines

pytestmark = pytest.mark.data
AFTER_THE_LAST = date(2011, 12, 10)


@pytest.fixture(scope="module", name="retail_lines")
def stored_lines(engine: Engine, shared_data: Path) -> ir.Table:
    """Valid sales of UCI Online Retail as order lines."""
    raw = engine.read_parquet(shared_data / "online_retail_2010_2011.parquet")
    return engine.from_arrow(engine.run(retail_lines(raw)))


@pytest.fixture(scope="module", name="retail_facts")
def told_facts(retail_lines: ir.Table) -> ir.Table:
    return order_facts_of_lines(retail_lines)


def test_online_retail_rfm_values(engine: Engine, retail_facts: ir.Table) -> None:
    people = engine.run(rfm_values(retail_facts, as_of=AFTER_THE_LAST))
    recency, frequency, money = (people[name].to_numpy() for name in ("recency_days", "frequency", "monetary_value"))
    assert people.num_rows == 4338
    assert (round(recency.mean(), 3), np.median(recency), recency.min(), recency.max()) == (93.059, 51, 1, 374)
    assert (round(frequency.mean(), 3), np.median(frequency), frequency.max()) == (4.272, 2, 209)
    assert (frequency == 1).sum() == 1493
    assert frequency.sum() == 18_532
    assert money.sum() == 891_140_790
    assert (round(money.mean() / 100, 2), np.median(money) / 100, money.max() / 100) == (2054.27, 674.485, 280_206.02)


def test_online_retail_frequency_cuts_and_scores(engine: Engine, retail_facts: ir.Table) -> None:
    cuts = rfm_cuts(retail_facts, as_of=AFTER_THE_LAST)
    assert cuts is not None
    assert cuts.frequency == (1, 2, 3, 6)
    assert cuts.n_customers == 4338
    drawn = engine.run(rfm(retail_facts, as_of=AFTER_THE_LAST).order_by("customer_id"))
    held = engine.run(rfm(retail_facts, as_of=AFTER_THE_LAST, cuts=cuts).order_by("customer_id"))
    assert drawn.equals(held)
    assert Counter(drawn["f"].to_pylist())[1] == 1493, "everybody who bought once scores one"


def test_online_retail_recency_cuts_agree_with_numpy(engine: Engine, retail_facts: ir.Table) -> None:
    people = engine.run(rfm_values(retail_facts, as_of=AFTER_THE_LAST))
    cuts = rfm_cuts(retail_facts, as_of=AFTER_THE_LAST)
    assert cuts is not None
    for measure, column in (("recency", "recency_days"), ("monetary", "monetary_value")):
        expected = np.quantile(people[column].to_numpy(), [0.2, 0.4, 0.6, 0.8])
        assert cuts.of(measure) == pytest.approx(tuple(expected), rel=1e-12)


def test_online_retail_abc_of_products(engine: Engine, retail_lines: ir.Table) -> None:
    graded = engine.run(abc(product_revenue(retail_lines, as_of=AFTER_THE_LAST), key="product_id"))
    assert Counter(graded["grade"].to_pylist()) == {"A": 777, "B": 922, "C": 1966}


def test_online_retail_months(engine: Engine, retail_facts: ir.Table) -> None:
    months = engine.run(monthly_revenue(retail_facts, as_of=AFTER_THE_LAST)).to_pylist()
    assert len(months) == 13
    assert sum(month["revenue_minor"] for month in months) == 891_140_790
    assert months[0]["n_customers"] == 885
    assert [month["is_complete"] for month in months] == [True] * 12 + [False]


SEGMENTS = (
    # name, recency, frequency and money scores from..to, customers: the package's own example,
    # https://rfm.rsquaredacademy.com/reference/rfm_segment_summary; the first line that fits decides.
    ("Champions", (5, 5), (5, 5), (5, 5), 35),
    ("Potential Loyalist", (3, 5), (3, 5), (2, 5), 342),
    ("Loyal Customers", (2, 4), (2, 4), (2, 4), 170),
    ("Promising", (3, 4), (1, 3), (3, 5), 9),
    ("New Customers", (4, 5), (1, 3), (1, 5), 104),
    ("Can't Lose Them", (1, 2), (3, 4), (4, 5), 47),
    ("At Risk", (1, 2), (2, 5), (4, 5), 28),
    ("Need Attention", (1, 3), (3, 5), (3, 5), 10),
    ("About To Sleep", (2, 3), (1, 3), (1, 4), 102),
    ("Lost", (1, 1), (1, 5), (1, 5), 148),
)


@pytest.fixture(scope="module")
def r_facts(engine: Engine, shared_data: Path) -> ir.Table:
    raw = engine.read_parquet(shared_data / "rfm_orders_r_rfm.parquet")
    numbered = raw.mutate(order_id=ibis.row_number().over(order_by=[raw.customer_id, raw.order_date, raw.revenue]))
    codes = raw.select("customer_id").distinct()
    codes = codes.mutate(number=ibis.row_number().over(order_by=codes.customer_id))
    facts = numbered.join(codes, "customer_id")
    return engine.from_arrow(
        engine.run(
            facts.select(
                customer_id=facts.number,
                order_id=facts.order_id,
                external_id=facts.order_id.cast("string"),
                kind=ibis.literal("paid"),
                at=facts.order_date.cast("timestamp('UTC')"),
                day=facts.order_date.cast("date"),
                amount_minor=(facts.revenue * 100).round().cast("int64"),
                currency=ibis.literal("USD"),
                channel=ibis.null("string"),
                n_orders=ibis.literal(1, "int8"),
            )
        )
    )


def test_scores_of_the_r_package_with_its_own_cuts(engine: Engine, r_facts: ir.Table) -> None:
    """R's rfm 0.3.0 scores k when lower <= value < upper with upper = quantile + 1: for whole numbers, own cuts."""
    as_of = date(2006, 12, 31)
    drawn = rfm_cuts(r_facts, as_of=as_of)
    assert drawn is not None
    theirs = RfmCuts(
        tuple(math.ceil(cut + 1) - 1 for cut in drawn.recency),
        tuple(math.ceil(cut + 1) - 1 for cut in drawn.frequency),
        tuple(math.ceil(cut + 100) - 1 for cut in drawn.monetary),
    )
    people = engine.run(rfm(r_facts, as_of=as_of, cuts=theirs)).to_pylist()
    assert len(people) == 995
    found = Counter(_segment(person["r"], person["f"], person["m"]) for person in people)
    assert {name: found[name] for name, *_ in SEGMENTS} == {name: count for name, *_, count in SEGMENTS}


def _segment(r: int, f: int, m: int) -> str | None:
    for name, recency, frequency, money, _ in SEGMENTS:
        if all(low <= score <= high for score, (low, high) in ((r, recency), (f, frequency), (m, money))):
            return name
    return None
