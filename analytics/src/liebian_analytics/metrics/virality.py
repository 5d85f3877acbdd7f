"""Virality: how many new customers each participant brings, how fast, and over how many generations.

Fixed definition: K = qualified first-generation invitees per participant of a cohort that has been observed long
enough; each invitee counts once. Published definitions differ, so never compare K without its definition.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from liebian_analytics.errors import BadArgument
from liebian_analytics.results import Interval


@dataclass(frozen=True, slots=True)
class KFactor:
    """K of one cohort.

    Parameters
    ----------
    k
        Invitees per participant; ``None`` if there is no participant.
    interval
        Bootstrap interval over participants; both ends ``None`` with fewer than two participants.
    n_participants, n_invitees
        Size of the cohort and what it brought.
    top_share
        Share of all invitees brought by the most active 1 % of participants (at least one person), 0-1; ``None`` if
        there is no invitee.
    """

    k: float | None
    interval: Interval
    n_participants: int
    n_invitees: int
    top_share: float | None

    @property
    def amplification(self) -> float | None:
        """Customers in the end per customer won directly, 1/(1-K); infinite from K = 1."""
        return None if self.k is None else amplification(self.k)


def k_factor(
    invitees_per_participant: npt.ArrayLike, *, confidence: float = 0.95, n_resamples: int = 2000, seed: int = 0
) -> KFactor:
    """How many qualified new customers one participant brings, with an honest interval.

    Parameters
    ----------
    invitees_per_participant
        One integer >= 0 per participant of the cohort, zeros included.
    confidence
        Of the interval, 0-1.
    n_resamples
        Bootstrap resamples.
    seed
        Of the random generator: the same data and seed give the same interval.

    Returns
    -------
    KFactor

    Raises
    ------
    BadArgument
        If a count is negative or not whole, or an argument is out of range.

    Notes
    -----
    Percentile bootstrap that resamples *participants*: the counts are heavy-tailed, and an interval from the number of
    invitees alone is far too narrow. Drawn as multinomials over the distinct counts, so the size of the cohort
    does not matter. If nobody brought anybody, resampling would say "exactly 0"; then the upper end is the exact Poisson
    bound ``-ln((1-confidence)/2)/n``.

    References
    ----------
    Efron and Tibshirani (1993), chapter 13. Coverage is tested by simulation: negative binomial, mean 0.3, k 0.1.

    Examples
    --------
    >>> found = k_factor([0, 0, 3, 1, 0, 0, 0, 2, 0, 0])
    >>> found.k, found.interval.low <= 0.6 <= found.interval.high, found.amplification
    (0.6, True, 2.5)
    """
    counts = np.asarray(invitees_per_participant)
    _check_counts(counts, confidence, n_resamples)
    n, total = int(counts.size), int(counts.sum())
    if n < 2:
        return KFactor(float(total) if n else None, Interval(None, None, confidence), n, total, 1.0 if total else None)
    tail = (1 - confidence) / 2
    if total == 0:
        return KFactor(0.0, Interval(0.0, -math.log(tail) / n, confidence), n, 0, None)
    values, occurrences = np.unique(counts, return_counts=True)
    draws = np.random.default_rng(seed).multinomial(n, occurrences / n, size=n_resamples)
    low, high = np.quantile(draws @ values / n, [tail, 1 - tail])
    best = np.sort(counts)[-max(1, n // 100) :].sum()
    return KFactor(total / n, Interval(float(low), float(high), confidence), n, total, float(best / total))


def amplification(k: float) -> float:
    """Customers in the end per customer won directly when each brings ``k`` more, generation after generation.

    Sum of the geometric series, 1/(1-k); ``inf`` from k = 1.

    Examples
    --------
    >>> amplification(0.5), amplification(1.0)
    (2.0, inf)
    """
    if k < 0:
        raise BadArgument(f"k cannot be negative, got {k}")
    return math.inf if k >= 1 else 1 / (1 - k)


def viral_growth(start: float, *, k: float, cycle_days: float, days: float) -> float:
    """Customers after ``days`` if each brings ``k`` once, one cycle after joining.

    ``C(t) = C(0) (k^(t/T + 1) - 1)/(k - 1)``; for k = 1, ``C(0)(t/T + 1)``.

    References
    ----------
    Skok (2009), Lessons Learned: Viral Marketing, forEntrepreneurs.

    Examples
    --------
    >>> round(viral_growth(10, k=2, cycle_days=2, days=20)), round(viral_growth(10, k=2, cycle_days=1, days=20))
    (20470, 20971510)
    """
    if k < 0 or cycle_days <= 0 or days < 0:
        raise BadArgument("viral growth needs k >= 0, cycle_days > 0 and days >= 0")
    cycles = days / cycle_days
    if math.isclose(k, 1):
        return start * (cycles + 1)
    return float(start * (k ** (cycles + 1) - 1) / (k - 1))


def doubling_time(k: float, *, cycle_days: float) -> float | None:
    """Days in which the number of new customers per generation doubles, ``T ln 2/ln k``; ``None`` for k <= 1.

    Examples
    --------
    >>> round(doubling_time(1.25, cycle_days=1), 2)
    3.11
    """
    return cycle_days * math.log(2) / math.log(k) if k > 1 else None


@dataclass(frozen=True, slots=True)
class CycleTime:
    """Time from a participant's activation to the invitee's joining.

    Parameters
    ----------
    median_days, lower_days, upper_days
        Median and quartiles in days (fractions kept); ``None`` without a pair.
    n_pairs
        Pairs that counted.
    n_impossible
        Pairs left out because the invitee joined before the participant started.
    """

    median_days: float | None
    lower_days: float | None
    upper_days: float | None
    n_pairs: int
    n_impossible: int


def cycle_time(started: npt.ArrayLike, joined: npt.ArrayLike) -> CycleTime:
    """How long one turn of the referral takes.

    Parameters
    ----------
    started, joined
        Instants of equal length, one pair per invitee: when the participant started, when the invitee joined. Anything
        NumPy reads as ``datetime64`` (UTC, without zone). Missing instants (NaT) leave the pair out silently.

    Returns
    -------
    CycleTime

    Notes
    -----
    Only invitees who have joined are seen, so the median of a running programme is provisional and too short.

    Examples
    --------
    >>> cycle_time(["2026-01-01T00", "2026-01-01T00", "2026-01-05T00"], ["2026-01-03T00", "2026-01-05T12", "2026-01-04T00"])
    CycleTime(median_days=3.25, lower_days=2.625, upper_days=3.875, n_pairs=2, n_impossible=1)
    """
    first, second = (np.asarray(side, dtype="datetime64[us]") for side in (started, joined))
    if first.shape != second.shape:
        raise BadArgument(f"started and joined must be of equal length, got {first.size} and {second.size}")
    waits = second - first
    waits = waits[~np.isnat(waits)]
    possible = waits[waits >= np.timedelta64(0, "us")]
    impossible = int(waits.size - possible.size)
    if not possible.size:
        return CycleTime(None, None, None, 0, impossible)
    lower, median, upper = np.quantile(possible / np.timedelta64(1, "D"), [0.25, 0.5, 0.75])
    return CycleTime(float(median), float(lower), float(upper), int(possible.size), impossible)


@dataclass(frozen=True, slots=True, eq=False)
class Generations:
    """Who stands how deep under whom in the invitation forest.

    Parameters
    ----------
    members
        Everybody in a tree, ascending (int64).
    depths
        Generation of each member: 0 for whoever was invited by nobody (int64).
    roots
        Root of each member's tree (int64).
    sizes
        Number of members per generation, generation 0 first.
    """

    members: npt.NDArray[np.int64]
    depths: npt.NDArray[np.int64]
    roots: npt.NDArray[np.int64]
    sizes: tuple[int, ...]

    def largest_tree(self) -> tuple[int, int] | None:
        """Root and number of descendants of the tree with most members, smallest root on a tie; ``None`` if empty."""
        if not self.members.size:
            return None
        roots, sizes = np.unique(self.roots, return_counts=True)
        best = int(np.argmax(sizes))
        return int(roots[best]), int(sizes[best]) - 1


def generations(parents: Any) -> Generations:
    """Depth of every member of an invitation forest.

    Parameters
    ----------
    parents
        Pairs (invitee, participant), an Arrow table with the columns ``child_id`` and ``parent_id`` (int64, not null),
        or an Ibis table with them. Each invitee once.

    Raises
    ------
    BadArgument
        If an invitee has two parents, or somebody descends from themselves.

    Notes
    -----
    Pointer doubling: O(n log depth), no recursion.

    Examples
    --------
    >>> forest = generations([(2, 1), (3, 1), (4, 2), (9, 8)])
    >>> forest.sizes, forest.largest_tree()
    ((2, 3, 1), (1, 3))
    """
    children, givers = _parent_arrays(parents)
    if np.unique(children).size != children.size:
        raise BadArgument("an invitee has two parents; bind each invitee once")
    members = np.unique(np.concatenate([children, givers]))
    above = np.arange(members.size)
    above[np.searchsorted(members, children)] = np.searchsorted(members, givers)
    steps = (above != np.arange(members.size)).astype(np.int64)
    if (steps == 0).sum() != members.size - children.size:
        raise BadArgument("somebody is bound to themselves")
    for _ in range(max(1, int(members.size).bit_length())):
        steps = steps + steps[above]
        above = above[above]
    if (above[above] != above).any() or (steps >= members.size + 1).any():
        raise BadArgument("the invitations form a circle; somebody descends from themselves")
    sizes = tuple(int(size) for size in np.bincount(steps)) if members.size else ()
    return Generations(members, steps, members[above], sizes)


def _parent_arrays(parents: Any) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    table = parents.to_pyarrow() if hasattr(parents, "to_pyarrow") else parents
    if hasattr(table, "column_names"):
        children, givers = (np.asarray(table[name].to_numpy(), dtype=np.int64) for name in ("child_id", "parent_id"))
        return children, givers
    pairs: Sequence[Sequence[int]] = list(table)
    array = np.asarray(pairs, dtype=np.int64).reshape(-1, 2)
    return array[:, 0], array[:, 1]


def _check_counts(counts: npt.NDArray[Any], confidence: float, n_resamples: int) -> None:
    if counts.ndim != 1 or (counts.size and not np.issubdtype(counts.dtype, np.integer)):
        raise BadArgument("invitees per participant must be a list of whole numbers")
    if counts.size and counts.min() < 0:
        raise BadArgument("a participant cannot have brought fewer than 0 invitees")
    if not 0 < confidence < 1 or n_resamples < 100:
        raise BadArgument("confidence must lie between 0 and 1, and n_resamples be at least 100")
