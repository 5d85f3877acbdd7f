"""What a fitted model has to say about itself: warnings and priors as values. Owns no computation on data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ModelWarning:
    """Something that limits what the numbers mean; ``code`` is stable, ``message`` is for people.

    Codes: ``nobody_churns``, ``rates_alike``, ``few_repeats``, ``not_converged``, ``not_determined``,
    ``one_time_buyers_left_out``, ``spend_depends_on_frequency``, ``no_mean_spend``, ``season``, ``few_outcomes``, ``silent_end``.

    >>> str(ModelWarning("few_repeats", "Only 3 customers bought again."))
    'Only 3 customers bought again.'
    """

    code: str
    message: str

    def __str__(self) -> str:
        return self.message


@dataclass(frozen=True, slots=True)
class LogNormal:
    """Prior of a positive parameter: its logarithm is normal around log(median) with standard deviation ``sigma``.

    >>> LogNormal(1.0, 1.5).median
    1.0
    """

    median: float
    sigma: float


Prior = Mapping[str, LogNormal]
"""Priors by name of parameter; parameters without one stay free."""

FEW_REPEATERS = 30
"""Below so many repeaters, four parameters are more than the data can tell."""
