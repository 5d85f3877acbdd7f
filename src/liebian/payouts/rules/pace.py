"""How many calls a provider gets in a minute. Plain Python."""

from __future__ import annotations

from collections.abc import Sequence

SECONDS = 60
Calls = list[list[int]]
"""[second, how many calls were made in it], ascending; only those that still count."""


def take_calls(calls: Sequence[Sequence[int]], second: int, most: int, n: int = 1) -> Calls | None:
    """The calls with `n` more, or None when these would be more than `most` within any sixty seconds.

    A clock that went back counts on from the last second that was seen.

    >>> take_calls([[100, 2], [130, 1]], 160, 3)
    [[130, 1], [160, 1]]
    >>> take_calls([[100, 2], [130, 1]], 159, 3)
    """
    at = max([second, *(each for each, _count in calls)])
    kept = [[each, count] for each, count in calls if each > at - SECONDS]
    if sum(count for _each, count in kept) + n > most:
        return None
    if kept and kept[-1][0] == at:
        kept[-1][1] += n
    else:
        kept.append([at, n])
    return kept
