"""Churn by gradient-boosted trees, calibrated on the newest day whose outcome is known, and what drives each chance."""

from __future__ import annotations

from typing import Any

import numpy as np

from liebian_analytics.models.churn.base import SPEND, ChurnModel, Examples, logit
from liebian_analytics.models.histories import Floats

DRIVERS = {
    "silence": ("recency_days", "silence_ratio"),
    "frequency": ("n_purchases", "n_last_30_days", "n_last_90_days", "n_last_180_days"),
    "rhythm": ("mean_gap_days", "last_gap_days", "gap_spread"),
    "tenure": ("age_days",),
    "spend": SPEND,
}
"""Features that say one thing and are changed together."""
TREES = {"max_iter": 60, "learning_rate": 0.06, "max_leaf_nodes": 5, "min_samples_leaf": 100, "l2_regularization": 5.0}


class BoostedChurn(ChurnModel):
    """Gradient-boosted trees on as-of features, with calibrated chances and the drivers of each.

    The trees learn from all origins but the newest; on the newest, their log-odds are stretched and moved so that they fit
    what happened (Platt), which also takes in how the season has changed since. Learned: ``calibration_`` (slope and
    intercept of that step), ``typical_`` (median of each feature, against which drivers are measured).

    ``predict`` adds ``effect_silence``, ``effect_frequency``, ``effect_rhythm``, ``effect_tenure`` and, with amounts,
    ``effect_spend``: float64, log-odds by which the chance would change if these features of the customer were exchanged for
    typical ones, with the sign turned, so that positive raises the chance of staying away; and ``driver`` string, the
    strongest of those that raise it (null if none does). Effects are of one group at a time and do not add up.

    References
    ----------
    Friedman (2001), "Greedy Function Approximation: A Gradient Boosting Machine", Annals of Statistics 29(5); Platt (1999),
    "Probabilistic Outputs for Support Vector Machines". scikit-learn grows the trees.

    Examples
    --------
    >>> BoostedChurn(horizon_days=90).n_origins
    12
    """

    calibration_: tuple[float, float]
    typical_: Floats
    _trees: Any

    def _learn(self, examples: list[Examples]) -> None:
        from sklearn.ensemble import HistGradientBoostingClassifier

        newest, older = examples[0], examples[1:]
        features = np.vstack([one.features for one in older])
        churned = np.concatenate([one.churned for one in older])
        self._trees = HistGradientBoostingClassifier(**TREES, random_state=0, early_stopping=False).fit(
            features, churned
        )
        self.typical_ = np.array([_median(column) for column in features.T])
        self.calibration_ = fit_line(self._log_odds(newest.features), newest.churned)

    def _log_odds(self, features: Floats) -> Floats:
        if len(self._trees.classes_) == 1:  # all of the older origins had one outcome
            return np.zeros(len(features))
        return logit(self._trees.predict_proba(features)[:, 1])

    def _calibrated(self, features: Floats) -> Floats:
        slope, intercept = self.calibration_
        found: Floats = slope * self._log_odds(features) + intercept
        return found

    def _probabilities(self, features: Floats) -> Floats:
        found: Floats = 1 / (1 + np.exp(-self._calibrated(features)))
        return found

    def _explain(self, features: Floats) -> dict[str, Any]:
        base, effects = self._calibrated(features), {}
        for driver, names in DRIVERS.items():
            places = [self._place(name) for name in names if name in self._columns.features]
            if places:
                usual = features.copy()
                usual[:, places] = self.typical_[places]
                effects[driver] = base - self._calibrated(usual)
        strengths = np.column_stack(list(effects.values()))
        names = np.array(list(effects), dtype=object)[strengths.argmax(axis=1)]
        names[strengths.max(axis=1) <= 0] = None
        return {"driver": names.tolist(), **{f"effect_{driver}": values for driver, values in effects.items()}}


def _median(column: Floats) -> float:
    known = column[~np.isnan(column)]
    return float(np.median(known)) if len(known) else float("nan")


def fit_line(log_odds: Floats, outcome: Floats) -> tuple[float, float]:
    """Slope and intercept of a logistic regression of the outcome on log-odds: 1 and 0 if these are right.

    Parameters
    ----------
    log_odds
        One per customer.
    outcome
        1 or 0 per customer.

    References
    ----------
    Cox (1958), "Two Further Applications of a Model for Binary Regression", Biometrika 45.

    Examples
    --------
    >>> odds = np.repeat([-1.0986, 1.0986], 4)
    >>> [round(value, 3) for value in fit_line(odds, np.array([1, 0, 0, 0, 1, 1, 1, 0.0]))]
    [1.0, 0.0]
    """
    design = np.column_stack([log_odds, np.ones_like(log_odds)])
    line = np.array([0.0, logit(np.array([outcome.mean()]))[0]])
    for _ in range(50):
        chance = 1 / (1 + np.exp(-np.clip(design @ line, -35, 35)))
        weight = np.maximum(chance * (1 - chance), 1e-9)
        hessian = design.T @ (design * weight[:, None]) + np.diag([1e-6, 1e-6])
        step = np.linalg.solve(hessian, design.T @ (outcome - chance))
        line = line + np.clip(step, -2, 2)
        if np.abs(step).max() < 1e-9:
            break
    return float(line[0]), float(line[1])
