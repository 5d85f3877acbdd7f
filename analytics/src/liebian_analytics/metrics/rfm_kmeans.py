"""RFM cut points where the data has gaps: one-dimensional k-means per measure instead of quantiles."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from liebian_analytics.errors import BadArgument
from liebian_analytics.metrics.rfm import rfm_values
from liebian_analytics.metrics.rfm_scores import MEASURES, RfmCuts
from liebian_analytics.periods import AsOf

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import numpy as np
    import numpy.typing as npt


def kmeans_cuts(
    order_facts: ir.Table,
    *,
    as_of: AsOf,
    bins: int = 5,
    window_days: int | None = None,
    currency: str | None = None,
) -> RfmCuts | None:
    """Cut points for ``rfm(..., cuts=…)`` that lie between clusters of like values. Computes at once.

    Parameters
    ----------
    order_facts, as_of, window_days, currency
        As for ``rfm``.
    bins
        Number of scores.

    Returns
    -------
    RfmCuts, or ``None`` if nobody has bought. A measure with fewer than ``bins`` distinct values has equal cuts at its
    upper end, so some scores stay unused.

    Raises
    ------
    BadArgument
        If ``bins`` is less than 2.

    Notes
    -----
    k-means on the logarithm, log(1 + x), of each measure alone, weighted by customers; started at the quantiles, so it
    has no chance in it. A cut is the middle between the largest value of a cluster and the smallest of the next.
    Unlike quantiles the bins are of very different size: few customers are far ahead.

    References
    ----------
    Lloyd (1982), Least squares quantization in PCM.

    Examples
    --------
    >>> from liebian_analytics.datasets.story import day, fact
    >>> from liebian_analytics.engines import connect
    >>> with connect() as engine:
    ...     facts = engine.from_rows("order_facts", [fact(n, n, 1, 100 + n if n < 9 else 9000) for n in range(1, 11)])
    ...     kmeans_cuts(facts, as_of=day(9), bins=2).monetary
    (4554.0,)
    """
    if bins < 2:
        raise BadArgument(f"bins must be at least 2, got {bins}")
    people = rfm_values(order_facts, as_of=as_of, window_days=window_days, currency=currency)
    cuts: dict[str, Any] = {}
    n_customers = 0
    for measure, column in MEASURES.items():
        counted = people.group_by(column).aggregate(n=people.count()).order_by(column).to_pyarrow()
        values, weights = counted[column].to_numpy(), counted["n"].to_numpy()
        n_customers = int(weights.sum())
        if not n_customers:
            return None
        cuts[measure] = _cuts(values, weights, bins)
    return RfmCuts(**cuts, n_customers=n_customers)


def _cuts(values: npt.NDArray[np.int64], weights: npt.NDArray[np.int64], bins: int) -> tuple[float, ...]:
    import numpy as np

    between = (values[:-1] + values[1:]) / 2
    if len(values) <= bins:
        found = list(between)
    else:
        labels = _clusters(np.log1p(np.maximum(values, 0).astype(float)), weights.astype(float), bins)
        found = list(between[labels[:-1] != labels[1:]])
    found += [float(values[-1])] * (bins - 1 - len(found))
    return tuple(float(cut) for cut in found)


def _clusters(points: npt.NDArray[np.float64], weights: npt.NDArray[np.float64], bins: int) -> npt.NDArray[np.int64]:
    import numpy as np
    from sklearn.cluster import KMeans

    shares = np.cumsum(weights) / weights.sum()
    starts = np.unique(points[np.searchsorted(shares, (np.arange(bins) + 0.5) / bins)])
    spare = np.setdiff1d(points, starts)
    starts = np.sort(np.concatenate([starts, spare[len(spare) - (bins - len(starts)) :]]))
    found = KMeans(bins, init=starts[:, None], n_init=1, max_iter=1000, tol=0).fit(
        points[:, None], sample_weight=weights
    )
    return np.asarray(found.labels_)
