from __future__ import annotations

import math

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from liebian_analytics.engines import Engine
from liebian_analytics.errors import BadArgument
from liebian_analytics.metrics.virality import (
    amplification,
    cycle_time,
    doubling_time,
    generations,
    k_factor,
    viral_growth,
)


def test_golden_values_of_viral_growth() -> None:
    """Skok (2009); doubling times from the same model."""
    assert viral_growth(10, k=2, cycle_days=2, days=20) == pytest.approx(20_470)
    assert viral_growth(10, k=2, cycle_days=1, days=20) == pytest.approx(20_971_510)
    assert viral_growth(100, k=1.25, cycle_days=7, days=70) == pytest.approx(4256.6, abs=0.05)
    assert viral_growth(5, k=1, cycle_days=2, days=6) == 20
    assert [round(doubling_time(k, cycle_days=1) or 0, 2) for k in (1.1, 1.25, 1.5)] == [7.27, 3.11, 1.71]
    assert doubling_time(0.9, cycle_days=1) is None
    assert [amplification(k) for k in (0, 0.5, 0.8)] == pytest.approx([1, 2, 5])
    assert amplification(1.2) == math.inf


def test_interval_covers_the_truth_for_heavy_tailed_counts() -> None:
    """Negative binomial, mean 0.3, k 0.1, 400 participants: nominal 95 %, the Poisson interval covers about 66 %."""
    rng, mean, shape = np.random.default_rng(20260101), 0.3, 0.1
    draws = rng.negative_binomial(shape, shape / (shape + mean), size=(400, 400))
    covered = [k_factor(counts, seed=n, n_resamples=1000).interval.contains(mean) for n, counts in enumerate(draws)]
    assert np.mean(covered) >= 0.92


def test_same_seed_same_interval_whatever_the_order() -> None:
    counts = [0] * 90 + [1] * 8 + [5, 9]
    assert k_factor(counts) == k_factor(counts[::-1])
    assert k_factor(counts, seed=1).interval != k_factor(counts).interval


def test_small_and_empty_cohorts_do_not_pretend() -> None:
    assert k_factor([]).k is None
    assert (k_factor([3]).k, k_factor([3]).interval.low, k_factor([3]).interval.high) == (3, None, None)
    nothing = k_factor([0] * 100)
    assert nothing.k == 0 and nothing.interval.high == pytest.approx(-math.log(0.025) / 100)
    assert k_factor([0] * 99 + [4]).top_share == 1


def test_counts_that_cannot_be_are_refused() -> None:
    for wrong in ([-1, 2], [0.5, 1.0], [[1, 2]]):
        with pytest.raises(BadArgument):
            k_factor(wrong)


def test_missing_instants_leave_the_pair_out_and_impossible_ones_are_counted() -> None:
    found = cycle_time(["2026-01-01", "2026-01-01", "NaT"], ["2026-01-02", "2025-12-31", "2026-01-02"])
    assert (found.median_days, found.n_pairs, found.n_impossible) == (1.0, 1, 1)
    assert cycle_time([], []).median_days is None


@settings(max_examples=50, deadline=None)
@given(st.data())
def test_depths_of_a_random_forest(data: st.DataObject) -> None:
    n = data.draw(st.integers(1, 40))
    parent = {child: data.draw(st.integers(0, child - 1)) for child in range(1, n) if data.draw(st.booleans())}
    forest = generations(list(parent.items()))

    def depth(member: int) -> int:
        return 1 + depth(parent[member]) if member in parent else 0

    assert dict(zip(forest.members.tolist(), forest.depths.tolist(), strict=True)) == {
        member: depth(member) for member in sorted(set(parent) | set(parent.values()))
    }
    assert sum(forest.sizes) == forest.members.size


@pytest.mark.parametrize("pairs", [[(1, 2), (2, 1)], [(1, 2), (2, 3), (3, 1)], [(1, 1)], [(1, 2), (1, 3)]])
def test_circles_and_double_parents_are_refused(pairs: list[tuple[int, int]]) -> None:
    with pytest.raises(BadArgument):
        generations(pairs)


def test_generations_read_tables(engine: Engine) -> None:
    table = pa.table({"child_id": [2, 3], "parent_id": [1, 2]})
    assert generations(table).sizes == generations(engine.from_arrow(table)).sizes == (1, 1, 1)
    assert generations([]).largest_tree() is None


def test_the_interval_comes_from_the_inviters_not_from_the_invitees() -> None:
    """400 participants of whom 30 brought 4 each: K is 0.30, and pretending that the 120 came one by one is far too sure."""
    found = k_factor([4] * 30 + [0] * 370)
    assert (found.k, found.n_participants, found.n_invitees) == (0.3, 400, 120)
    assert found.interval.low is not None and found.interval.high is not None
    as_if_one_by_one = 2 * 1.96 * math.sqrt(0.3 / 400)
    assert found.interval.high - found.interval.low > 1.5 * as_if_one_by_one
