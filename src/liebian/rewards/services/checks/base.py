"""Comparing two sets of figures."""

from __future__ import annotations

from collections.abc import Mapping

from liebian.rewards.types import Compared, Difference

Figure = tuple[str, str, str]
"""Subject, what of it, unit."""


def compare(ledger: Mapping[Figure, int], counted: Mapping[Figure, int]) -> Compared:
    """Every figure that either side knows; what one side does not know is zero there."""
    figures = sorted(ledger.keys() | counted.keys())
    differences = (
        Difference(subject, what, ledger.get((subject, what, unit), 0), counted.get((subject, what, unit), 0), unit)
        for subject, what, unit in figures
    )
    return Compared(len(figures), tuple(each for each in differences if each.expected != each.found))
