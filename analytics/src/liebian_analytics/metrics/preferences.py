"""Preferences: what share of their money customers give to each category, and groups of customers who want alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from liebian_analytics.errors import BadArgument
from liebian_analytics.periods import AsOf, before, window_start
from liebian_analytics.schema import check_table

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import numpy as np
    import numpy.typing as npt
    import pyarrow as pa


def preference_shares(
    order_lines: ir.Table, *, as_of: AsOf, by: str = "category", window_days: int | None = None
) -> ir.Table:
    """What part of each customer's spending goes to each category.

    Parameters
    ----------
    order_lines
        Canonical ``order_lines`` of one currency.
    as_of
        Exclusive day or instant.
    by
        ``"category"`` or ``"product_id"``. Lines without it are left out.
    window_days
        Only lines of the last so many business days; ``None`` = ever.

    Returns
    -------
    Lazy table, one row per (customer, category) with revenue above 0: ``customer_id`` int64, the column ``by`` string,
    ``revenue_minor`` int64 (minor units), ``share`` float64 (of the customer's revenue in known categories, 0-1; sums
    to 1 per customer).

    Raises
    ------
    BadArgument
        If ``by`` is another column.

    Examples
    --------
    >>> from datetime import UTC, date, datetime
    >>> from liebian_analytics.engines import connect
    >>> at = datetime(2026, 1, 1, tzinfo=UTC)
    >>> rows = [(1, 1, "P1", "tea", 1, 300, "CNY", at, at.date()), (1, 1, "P2", "cups", 1, 100, "CNY", at, at.date())]
    >>> with connect() as engine:
    ...     shares = preference_shares(engine.from_rows("order_lines", rows), as_of=date(2026, 1, 2))
    ...     engine.run(shares.order_by("category"))["share"].to_pylist()
    [0.25, 0.75]
    """
    import ibis

    check_table(order_lines, "order_lines")
    if by not in ("category", "product_id"):
        raise BadArgument(f"preferences are by category or product_id, not by {by!r}")
    lines = before(order_lines, as_of)
    if window_days is not None:
        lines = lines.filter(lines.day >= window_start(as_of, window_days))
    lines = lines.filter(lines[by].notnull())
    sums = lines.group_by("customer_id", by).aggregate(revenue_minor=lines.revenue_minor.sum())
    sums = sums.filter(sums.revenue_minor > 0)
    total = sums.revenue_minor.sum().over(ibis.window(group_by="customer_id"))
    return sums.mutate(share=sums.revenue_minor / total)


@dataclass(frozen=True, slots=True, eq=False)
class PreferenceClusters:
    """Groups of customers with like preferences.

    Parameters
    ----------
    members
        Arrow table, one row per customer: ``customer_id`` int64, ``cluster`` int64 (0 = the largest), ``distance``
        float64 (Hellinger distance to the centre, 0-1).
    centres
        Arrow table, one row per (cluster, category): ``cluster`` int64, the category string, ``share`` float64 (mean
        share of the members).
    stability
        Mean adjusted Rand index between these groups and those found in random 80 % of the customers: 1 = the same
        groups every time, 0 = chance. Below about 0.6 the groups are not to be named.
    silhouette
        Mean silhouette, -1 to 1: how much nearer members are to their own group than to the next; ``None`` if there
        are too few customers.
    """

    members: pa.Table
    centres: pa.Table
    stability: float
    silhouette: float | None

    @property
    def is_stable(self) -> bool:
        """Whether the groups come back when a fifth of the customers is left out."""
        return self.stability >= 0.6


def preference_clusters(
    shares: Any, *, n_clusters: int, by: str = "category", n_resamples: int = 20, seed: int = 0
) -> PreferenceClusters:
    """Group customers by what they spend on, and say whether the groups can be trusted. Computes at once.

    Parameters
    ----------
    shares
        What ``preference_shares`` returned, lazy or as an Arrow table.
    n_clusters
        Number of groups, at least 2.
    by
        Column of the category.
    n_resamples
        Subsamples for the stability.
    seed
        The same data and seed give the same groups, whatever the order of the rows.

    Returns
    -------
    PreferenceClusters

    Raises
    ------
    BadArgument
        If there are fewer different customers than groups, or an argument is out of range.

    Notes
    -----
    k-means on the square roots of the shares, whose Euclidean distance is the Hellinger distance up to a factor: a
    category that nobody buys adds nothing, and small shares are not drowned by large ones.

    References
    ----------
    Hennig (2007), Cluster-wise assessment of cluster stability; Hubert and Arabie (1985), Comparing partitions.

    Examples
    --------
    >>> import pyarrow as pa
    >>> tea, cups = [(n, "tea", 1.0) for n in range(10)], [(n, "cups", 1.0) for n in range(10, 16)]
    >>> who, what, share = zip(*tea, *cups)
    >>> found = preference_clusters(pa.table({"customer_id": who, "category": what, "share": share}), n_clusters=2)
    >>> found.members["cluster"].to_pylist() == [0] * 10 + [1] * 6, found.stability
    (True, 1.0)
    """
    import numpy as np

    customers, categories, matrix = _matrix(shares, by)
    if n_clusters < 2 or n_resamples < 1:
        raise BadArgument("preference clusters need at least 2 clusters and 1 resample")
    if len(np.unique(matrix, axis=0)) < n_clusters:
        raise BadArgument(f"there are fewer than {n_clusters} different customers: ask for fewer clusters")
    roots = np.sqrt(matrix)
    labels, centres = _ordered(*_fit(roots, n_clusters, seed))
    return PreferenceClusters(
        _members(customers, labels, np.linalg.norm(roots - centres[labels], axis=1) / np.sqrt(2)),
        _centres(matrix, labels, categories, by),
        _stability(roots, labels, n_clusters, n_resamples, seed),
        _silhouette(roots, labels, seed),
    )


def _matrix(shares: Any, by: str) -> tuple[npt.NDArray[np.int64], npt.NDArray[Any], npt.NDArray[np.float64]]:
    import numpy as np

    table = shares.to_pyarrow() if hasattr(shares, "to_pyarrow") else shares
    customers, row = np.unique(table["customer_id"].to_numpy(), return_inverse=True)
    categories, column = np.unique(np.array(table[by].to_pylist(), dtype=object).astype(str), return_inverse=True)
    matrix = np.zeros((len(customers), len(categories)))
    matrix[row, column] = table["share"].to_numpy()
    return customers, categories, matrix


def _fit(roots: npt.NDArray[np.float64], n: int, seed: int) -> tuple[npt.NDArray[Any], npt.NDArray[np.float64]]:
    from sklearn.cluster import KMeans

    found = KMeans(n, n_init=10, random_state=seed).fit(roots)
    return found.labels_, found.cluster_centers_


def _ordered(
    labels: npt.NDArray[Any], centres: npt.NDArray[np.float64]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """Clusters numbered by size, equal ones by their centres, so that names do not depend on the start."""
    import numpy as np

    sizes = np.bincount(labels, minlength=len(centres))
    order = sorted(range(len(centres)), key=lambda k: (-sizes[k], tuple(-centres[k])))
    place = np.argsort(order)
    return place[labels].astype(np.int64), centres[order]


def _stability(
    roots: npt.NDArray[np.float64], labels: npt.NDArray[np.int64], n: int, n_resamples: int, seed: int
) -> float:
    import numpy as np
    from sklearn.metrics import adjusted_rand_score

    random = np.random.default_rng(seed)
    size = max(n, int(0.8 * len(roots)))
    found = []
    for number in range(n_resamples):
        some = np.sort(random.choice(len(roots), size, replace=False))
        if len(np.unique(roots[some], axis=0)) < n:
            continue
        found.append(adjusted_rand_score(labels[some], _fit(roots[some], n, seed + number)[0]))
    return float(np.mean(found)) if found else 0.0


def _silhouette(roots: npt.NDArray[np.float64], labels: npt.NDArray[np.int64], seed: int) -> float | None:
    from sklearn.metrics import silhouette_score

    if len(roots) <= labels.max() + 1:
        return None
    return float(silhouette_score(roots, labels, sample_size=min(len(roots), 5000), random_state=seed))


def _members(
    customers: npt.NDArray[np.int64], labels: npt.NDArray[np.int64], distance: npt.NDArray[np.float64]
) -> pa.Table:
    import pyarrow as pa

    return pa.table({"customer_id": customers, "cluster": labels, "distance": distance})


def _centres(
    matrix: npt.NDArray[np.float64], labels: npt.NDArray[np.int64], categories: npt.NDArray[Any], by: str
) -> pa.Table:
    import numpy as np
    import pyarrow as pa

    n = int(labels.max()) + 1
    means = np.array([matrix[labels == cluster].mean(axis=0) for cluster in range(n)])
    return pa.table(
        {
            "cluster": np.repeat(np.arange(n), len(categories)),
            by: list(categories) * n,
            "share": means.ravel(),
        }
    )
