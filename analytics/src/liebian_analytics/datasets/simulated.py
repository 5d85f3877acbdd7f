"""Customers drawn from the purchase models themselves: for benchmarks, coverage of intervals, and teaching."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import pyarrow as pa

Floats = npt.NDArray[np.float64]


def simulate_histories(
    kind: str,
    params: dict[str, Any],
    *,
    T: Any,
    horizon: float,
    rng: np.random.Generator,
) -> pa.Table:
    """Purchase histories of customers observed for ``T``, and what they did in the ``horizon`` after it.

    Parameters
    ----------
    kind
        ``"bg-nbd"``, ``"mbg-nbd"`` or ``"pareto-nbd"``.
    params
        Parameters of that model; numbers, or one per customer.
    T
        Length of observation per customer, in time units; its length says how many customers.
    horizon
        Length of the future, same unit.
    rng
        Source of chance.

    Returns
    -------
    Arrow table, one row per customer: ``customer_id`` int64, ``frequency`` int64, ``recency`` and ``T`` float64,
    ``future`` int64 (purchases in the horizon), ``alive`` boolean (at T).

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> found = simulate_histories("bg-nbd", {"r": 1, "alpha": 5, "a": 1, "b": 3}, T=np.full(500, 40.0), horizon=40, rng=rng)
    >>> found.num_rows, bool(0 < found["frequency"].to_numpy().mean() < 8)
    (500, True)
    """
    import pyarrow as pa

    span = np.asarray(T, float)
    n = len(span)
    rate = rng.gamma(params["r"], size=n) / params["alpha"]
    if kind == "pareto-nbd":
        with np.errstate(divide="ignore"):
            gone = rng.exponential(size=n) / (rng.gamma(params["s"], size=n) / params["beta"])
        leave = np.zeros(n)
    else:
        gone = np.full(n, np.inf)
        leave = rng.beta(params["a"], params["b"], size=n)
        if kind == "mbg-nbd":
            gone[rng.random(n) < leave] = 0.0
    frequency, recency, future = np.zeros(n, np.int64), np.zeros(n), np.zeros(n, np.int64)
    here, now = np.arange(n), np.zeros(n)
    with np.errstate(divide="ignore"):
        while len(here):
            now = now + rng.exponential(size=len(here)) / rate[here]
            buys = (now < gone[here]) & (now <= span[here] + horizon)
            here, now = here[buys], now[buys]
            early = now <= span[here]
            frequency[here[early]] += 1
            recency[here[early]] = now[early]
            future[here[~early]] += 1
            stays = rng.random(len(here)) >= leave[here]
            gone[here[~stays]] = now[~stays]
            here, now = here[stays], now[stays]
    columns = {"customer_id": np.arange(n), "frequency": frequency, "recency": recency, "T": span}
    return pa.table({**columns, "future": future, "alive": gone > span})
