"""The rule that every better model has to beat: how many stayed away among those who had been silent as long."""

from __future__ import annotations

import numpy as np

from liebian_analytics.models.churn.base import ChurnModel, Examples
from liebian_analytics.models.histories import Floats

STEPS = 10


class RecencyRule(ChurnModel):
    """The share who stayed away among customers of about the same recency, as of the newest known day.

    Ten groups of equal size by ``recency_days``; one customer of either outcome is added to each, so that no chance is 0
    or 1. Learned: ``limits_`` (days between groups), ``shares_`` (per group).

    Examples
    --------
    >>> RecencyRule(horizon_days=30).horizon_days
    30
    """

    limits_: Floats
    shares_: Floats

    def _learn(self, examples: list[Examples]) -> None:
        newest = examples[0]
        recency = newest.features[:, self._place("recency_days")]
        self.limits_ = np.unique(np.quantile(recency, np.linspace(0, 1, STEPS + 1)[1:-1]))
        group = np.searchsorted(self.limits_, recency)
        size = np.bincount(group, minlength=len(self.limits_) + 1)
        self.shares_ = (np.bincount(group, newest.churned, len(size)) + 1) / (size + 2)

    def _probabilities(self, features: Floats) -> Floats:
        found: Floats = self.shares_[np.searchsorted(self.limits_, features[:, self._place("recency_days")])]
        return found
