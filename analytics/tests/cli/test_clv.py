"""`clv` on the CDNOW sample: the published estimates, from a file."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

from .test_cli import answer, run

pytestmark = pytest.mark.skipif(find_spec("liebian_analytics.models") is None, reason="the models are not here")
COLUMNS = ("--customer", "master_id", "--time", "date", "--amount", "usd", "--calibration-end", "1997-09-30")


@pytest.mark.data
@pytest.mark.parametrize(
    ("model", "log_likelihood", "params", "predicted"),
    [
        # Fader, Hardie and Lee (2005); CRAN BTYD 2.4.3 vignette; CLVTools tests.
        ("bg-nbd", -9582.429, {"r": 0.2426, "alpha": 4.414, "a": 0.793, "b": 2.426}, 1653.4),
        ("pareto-nbd", -9594.976, {"r": 0.5532, "alpha": 10.576, "s": 0.606, "beta": 11.67}, 1665.5),
    ],
)
def test_cdnow_sample(
    shared_data: Path, tmp_path: Path, model: str, log_likelihood: float, params: dict[str, float], predicted: float
) -> None:
    file = tmp_path / "cdnow.csv"
    pd.read_parquet(shared_data / "cdnow_sample.parquet").to_csv(file, index=False)
    out = tmp_path / "clv.parquet"
    found = answer("clv", file, *COLUMNS, "--model", model, "--time-unit", "week", "--horizon", 39, "--out", out)
    assert found["n_customers"] == 2357
    assert found["log_likelihood"] == pytest.approx(log_likelihood, abs=0.001)
    assert found["params"] == pytest.approx(params, rel=1e-3)
    assert found["holdout"]["actual"] == 1882
    assert found["holdout"]["predicted"] == pytest.approx(predicted, abs=0.5)
    people = pq.read_table(out).to_pandas()
    assert {"p_alive", "expected_purchases", "expected_spend", "clv"} <= set(people)
    assert people.expected_purchases.sum() == pytest.approx(found["holdout"]["predicted"])


def test_clv_refuses_in_one_sentence(tmp_path: Path) -> None:
    file = tmp_path / "o.csv"
    file.write_text("master_id,date,usd\n1,1997-01-01,5\n1,1997-02-01,5\n")
    for words, sentence in (
        (("--model", "best"), "bg-nbd, mbg-nbd, pareto-nbd"),
        (("--time-unit", "month"), "use day, week"),
        (("--horizon", "-1"), "above 0"),
        (("--calibration-end", "soon"), "such as 1997-09-30"),
        (("--calibration-end", "1990-01-01"), "nothing to learn from"),
    ):
        given = COLUMNS if "--calibration-end" not in words else COLUMNS[:6]
        done = run("clv", file, *given, *words)
        assert (done.returncode, done.stdout) == (2, ""), done.stderr
        assert sentence in done.stderr
