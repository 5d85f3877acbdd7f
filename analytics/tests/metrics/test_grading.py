"""Gradings beyond RFM, each against the same thing said in pandas or plain Python."""

from __future__ import annotations

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from liebian_analytics.datasets.story import day, fact
from liebian_analytics.engines import Engine
from liebian_analytics.errors import BadArgument, SchemaMismatch
from liebian_analytics.metrics.activity import activity
from liebian_analytics.metrics.channels import channel_profile
from liebian_analytics.metrics.loyalty import PARTS, loyalty
from liebian_analytics.metrics.preferences import preference_clusters, preference_shares
from liebian_analytics.metrics.quality import quality
from liebian_analytics.metrics.rfm import rfm
from liebian_analytics.metrics.rfm_kmeans import kmeans_cuts
from liebian_analytics.metrics.weighted import weighted

numbers = st.lists(
    st.tuples(st.one_of(st.none(), st.integers(-(10**9), 10**9)), st.one_of(st.none(), st.floats(-1e9, 1e9))),
    min_size=1,
    max_size=20,
)
history = st.lists(
    st.tuples(st.integers(1, 5), st.integers(1, 120), st.integers(1, 10**9), st.sampled_from(["web", "store", None])),
    min_size=1,
    max_size=25,
)


def normal(series: pd.Series, how: str) -> pd.Series:
    if how == "zscore":
        spread = series.std(ddof=0)
        return (series - series.mean()) / spread if spread > 0 else series * 0
    if how == "minmax":
        width = series.max() - series.min()
        return (series - series.min()) / width if width > 0 else series * 0 + 0.5
    n = series.count()
    return (series.rank(method="average") - 1) / (n - 1) if n > 1 else series * 0 + 0.5


@pytest.mark.parametrize("how", ["minmax", "rank", "zscore"])
@settings(max_examples=15, deadline=None)
@given(rows=numbers)
def test_weighted_indicators_as_pandas_says_them(
    engine: Engine, how: str, rows: list[tuple[int | None, float | None]]
) -> None:
    first, second = (pd.Series([row[k] for row in rows], dtype=float).round(3) for k in (0, 1))
    table = pa.table({"id": range(len(rows)), "a": pa.array(first, from_pandas=True), "b": pa.array(second)})
    found = engine.run(
        weighted(engine.from_arrow(table), key="id", weights={"a": 3, "b": -1}, normalise=how).order_by("id")
    )
    sign = normal(second, how) * -1 if how == "zscore" else 1 - normal(second, how)
    expected = (3 * normal(first, how) + sign) / 4 * (1 if how == "zscore" else 100)
    if how == "zscore" and min(first.std(ddof=0), second.std(ddof=0)) < 1e-6:
        return
    for score, wanted in zip(found["score"].to_pylist(), expected, strict=True):
        assert (score is None) == pd.isna(wanted)
        assert score is None or score == pytest.approx(wanted, rel=1e-6, abs=1e-6)
    assert [place is None for place in found["rank"].to_pylist()] == [bool(gap) for gap in expected.isna()]


def test_weights_that_mean_nothing_are_refused(engine: Engine) -> None:
    table = engine.from_arrow(pa.table({"id": [1], "a": [1], "name": ["x"]}))
    with pytest.raises(BadArgument, match="not 0"):
        weighted(table, key="id", weights={"a": 0})
    with pytest.raises(BadArgument, match="minmax, zscore, rank"):
        weighted(table, key="id", weights={"a": 1}, normalise="best")
    with pytest.raises(SchemaMismatch, match="no indicator 'b'"):
        weighted(table, key="id", weights={"b": 1})
    with pytest.raises(SchemaMismatch, match="not numbers"):
        weighted(table, key="id", weights={"name": 1})


@settings(max_examples=15, deadline=None)
@given(
    rows=st.lists(
        st.tuples(st.integers(1, 4), st.integers(1, 60), st.sampled_from(["a", "b", "c"]), st.integers(1, 9))
    ),
    end=st.integers(1, 70),
    half_life=st.floats(0.5, 400),
)
def test_activity_fades_by_half_each_half_life(
    engine: Engine, rows: list[tuple[int, int, str, int]], end: int, half_life: float
) -> None:
    weights = {"a": 1.0, "b": 2.5}
    facts = engine.from_rows("event_day_facts", [(who, day(on), name, n) for who, on, name, n in rows])
    found = engine.run(activity(facts, as_of=day(end), half_life_days=half_life, weights=weights)).to_pylist()
    expected: dict[int, float] = {}
    for who, on, name, n in rows:
        if on < end and name in weights:
            expected[who] = expected.get(who, 0) + weights[name] * n * 2 ** (-(end - on) / half_life)
    assert {row["customer_id"]: pytest.approx(row["activity"], rel=1e-9, abs=1e-12) for row in found} == expected


def test_activity_refuses_what_has_no_meaning(engine: Engine) -> None:
    for wrong in ({"half_life_days": 0}, {"weights": {}}):
        with pytest.raises(BadArgument):
            activity(engine.empty("event_day_facts"), as_of=day(3), **wrong)


@settings(max_examples=15, deadline=None)
@given(history=history)
def test_channel_profile_as_pandas_says_it(engine: Engine, history: list[tuple[int, int, int, str | None]]) -> None:
    facts = [fact(who, n, on, paid, channel=channel) for n, (who, on, paid, channel) in enumerate(history)]
    found = engine.run(channel_profile(engine.from_rows("order_facts", facts), as_of=day(200))).to_pylist()
    frame = pd.DataFrame(history, columns=["who", "on", "paid", "channel"])
    assert len(found) == frame.who.nunique()
    for row in found:
        own = frame[frame.who == row["customer_id"]]
        known = own[own.channel.notna()]
        shares = known.channel.value_counts(normalize=True)
        best = sorted(shares.index, key=lambda name: (-shares[name], -known[known.channel == name].paid.sum(), name))
        assert row["main_channel"] == (best[0] if best else None)
        assert row["main_share"] == (pytest.approx(shares[best[0]]) if best else None)
        assert row["concentration"] == (pytest.approx((shares**2).sum()) if best else None)
        assert (row["n_channels"], row["n_orders"], row["n_unknown"]) == (len(best), len(own), len(own) - len(known))


@settings(max_examples=15, deadline=None)
@given(history=history)
def test_loyalty_as_pandas_says_it(engine: Engine, history: list[tuple[int, int, int, str | None]]) -> None:
    facts = [fact(who, n, on, paid) for n, (who, on, paid, _) in enumerate(history)]
    found = engine.run(loyalty(engine.from_rows("order_facts", facts), as_of=day(130)).order_by("customer_id"))
    frame = pd.DataFrame({"who": [row[0] for row in history], "on": pd.to_datetime([day(row[1]) for row in history])})
    frame["month"] = frame.on.dt.year * 12 + frame.on.dt.month
    people = frame.groupby("who").agg(n=("on", "size"), first=("on", "min"), last=("on", "max"), m=("month", "nunique"))
    end = pd.Timestamp(day(130))
    months = (day(130).year * 12 + day(130).month) - (people["first"].dt.year * 12 + people["first"].dt.month) + 1
    parts = {
        "n_orders": people.n.astype(float),
        "regularity": people.m / months,
        "tenure_days": (end - people["first"]).dt.days.astype(float),
        "silence_days": (end - people["last"]).dt.days.astype(float),
    }
    ranked = {name: normal(part, "rank") for name, part in parts.items()}
    ranked["silence_days"] = 1 - ranked["silence_days"]
    score = 100 * sum(abs(PARTS[name]) * part for name, part in ranked.items())
    assert found["score"].to_pylist() == pytest.approx(list(score))
    assert found["regularity"].to_pylist() == pytest.approx(list(parts["regularity"]))


def test_loyalty_knows_its_parts(engine: Engine) -> None:
    with pytest.raises(BadArgument, match="no part 'charm'"):
        loyalty(engine.empty("order_facts"), as_of=day(3), weights={"charm": 1})


def test_quality_counts_what_is_missing_and_implausible(engine: Engine) -> None:
    frame = pd.DataFrame(
        {"amount": [1.0, -2.0, float("nan"), 0.0], "name": ["a", " ", None, "a"], "n": [1, 1, 2, 3], "ok": [True] * 4}
    )
    rows = engine.run(quality(engine.from_arrow(pa.Table.from_pandas(frame)))).to_pylist()
    found = {row["column"]: row for row in rows}
    assert [row["column"] for row in rows] == ["amount", "name", "n", "ok"]
    assert (found["amount"]["n_null"], found["amount"]["n_negative"], found["amount"]["n_zero"]) == (1, 1, 1)
    assert (found["amount"]["min"], found["amount"]["median"], found["amount"]["max"]) == (-2, 0, 1)
    assert (found["name"]["n_null"], found["name"]["n_blank"], found["name"]["n_distinct"]) == (1, 1, 2)
    assert (found["n"]["n_distinct"], found["ok"]["n_negative"]) == (3, None)
    empty = engine.run(quality(engine.empty("order_facts"))).to_pylist()
    assert {(row["n_rows"], row["share_null"]) for row in empty} == {(0, None)}


def test_cuts_by_kmeans_lie_in_the_gaps(engine: Engine) -> None:
    spending = [100, 110, 120, 1000, 1100, 20_000, 22_000, 25_000]
    facts = engine.from_rows("order_facts", [fact(n, n, 1, paid) for n, paid in enumerate(spending)])
    cuts = kmeans_cuts(facts, as_of=day(9), bins=3)
    assert cuts is not None
    assert cuts.monetary == (560.0, 10_550.0)
    scored = engine.run(rfm(facts, as_of=day(9), cuts=cuts).order_by("customer_id"))
    assert scored["m"].to_pylist() == [1, 1, 1, 2, 2, 3, 3, 3]
    assert set(scored["f"].to_pylist()) == {1}, "who has bought equally often scores equally"
    assert kmeans_cuts(engine.empty("order_facts"), as_of=day(9)) is None


@settings(max_examples=10, deadline=None)
@given(history=history, bins=st.integers(2, 5))
def test_cuts_by_kmeans_part_the_customers_without_overlap(
    engine: Engine, history: list[tuple[int, int, int, str | None]], bins: int
) -> None:
    facts = engine.from_rows("order_facts", [fact(n, n, on, paid) for n, (_, on, paid, _) in enumerate(history)])
    cuts = kmeans_cuts(facts, as_of=day(200), bins=bins)
    assert cuts is not None
    assert cuts.bins == bins
    people = engine.run(rfm(facts, as_of=day(200), cuts=cuts).order_by("monetary_value"))
    assert people["m"].to_pylist() == sorted(people["m"].to_pylist())


def lines(rows: list[tuple[int, str | None, int]]) -> list[tuple[object, ...]]:
    at = fact(1, 1, 1, 1)[4]
    return [(who, n, f"P{n}", what, 1, paid, "CNY", at, at.date()) for n, (who, what, paid) in enumerate(rows)]


def test_preferences_are_shares_of_known_categories(engine: Engine) -> None:
    told = lines([(1, "tea", 30), (1, "cups", 10), (1, None, 99), (2, "tea", 0), (1, "tea", 0)])
    shares = engine.run(preference_shares(engine.from_rows("order_lines", told), as_of=day(5)).order_by("category"))
    assert [(row["category"], row["share"]) for row in shares.to_pylist()] == [("cups", 0.25), ("tea", 0.75)]
    with pytest.raises(BadArgument, match="not by 'day'"):
        preference_shares(engine.empty("order_lines"), as_of=day(5), by="day")


def test_clusters_are_found_again_or_said_to_be_unstable(engine: Engine) -> None:
    clear = [(n, ("tea", "cups", "books")[n % 3], 90) for n in range(90)] + [(n, "tea", 1 + n % 7) for n in range(90)]
    shares = preference_shares(engine.from_rows("order_lines", lines(clear)), as_of=day(5))
    found = preference_clusters(shares, n_clusters=3, n_resamples=5)
    assert found.stability == pytest.approx(1)
    assert found.is_stable
    groups = found.members.to_pandas().assign(kind=lambda frame: frame.customer_id % 3).groupby("kind").cluster
    assert (groups.nunique() == 1).all()
    assert found.centres.to_pandas().groupby("cluster").share.sum().tolist() == pytest.approx([1, 1, 1])
    even = [(n, f"c{k}", 1 + (n * 7919 * (k + 3)) % 11) for n in range(60) for k in range(6)]
    vague = preference_clusters(
        preference_shares(engine.from_rows("order_lines", lines(even)), as_of=day(5)), n_clusters=6, n_resamples=5
    )
    assert vague.stability < found.stability


def test_more_clusters_than_customers_are_refused(engine: Engine) -> None:
    shares = preference_shares(engine.from_rows("order_lines", lines([(1, "tea", 3), (2, "tea", 5)])), as_of=day(5))
    with pytest.raises(BadArgument, match="fewer clusters"):
        preference_clusters(shares, n_clusters=2)
