"""Models of customer value: ``fit`` on a summary table, then ask; learned names end in ``_``.

Heavy imports happen when a name is first used, so that importing the library stays quick.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from liebian_analytics.models.bg_bb import BgBb
    from liebian_analytics.models.bg_nbd import BgNbd, MbgNbd
    from liebian_analytics.models.churn.backtest import backtest_churn
    from liebian_analytics.models.churn.boosted import BoostedChurn
    from liebian_analytics.models.churn.hazard import HazardChurn
    from liebian_analytics.models.churn.recency_rule import RecencyRule
    from liebian_analytics.models.churn.stages import HazardStages, hazard_stages
    from liebian_analytics.models.evaluation import check_holdout, compare_models, track
    from liebian_analytics.models.findings import LogNormal, ModelWarning
    from liebian_analytics.models.gamma_gamma import GammaGamma
    from liebian_analytics.models.lifetime_value import clv, clv_total
    from liebian_analytics.models.pareto_nbd import ParetoNbd
    from liebian_analytics.models.predictions import predict, predict_total

_HOMES = {
    "BgBb": "bg_bb",
    "BgNbd": "bg_nbd",
    "BoostedChurn": "churn.boosted",
    "GammaGamma": "gamma_gamma",
    "HazardChurn": "churn.hazard",
    "HazardStages": "churn.stages",
    "LogNormal": "findings",
    "MbgNbd": "bg_nbd",
    "ModelWarning": "findings",
    "ParetoNbd": "pareto_nbd",
    "RecencyRule": "churn.recency_rule",
    "backtest_churn": "churn.backtest",
    "check_holdout": "evaluation",
    "clv": "lifetime_value",
    "clv_total": "lifetime_value",
    "compare_models": "evaluation",
    "hazard_stages": "churn.stages",
    "predict": "predictions",
    "predict_total": "predictions",
    "track": "evaluation",
}
__all__ = [
    "BgBb",
    "BgNbd",
    "BoostedChurn",
    "GammaGamma",
    "HazardChurn",
    "HazardStages",
    "LogNormal",
    "MbgNbd",
    "ModelWarning",
    "ParetoNbd",
    "RecencyRule",
    "backtest_churn",
    "check_holdout",
    "clv",
    "clv_total",
    "compare_models",
    "hazard_stages",
    "predict",
    "predict_total",
    "track",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"liebian_analytics.models has no {name!r}")
    found = getattr(import_module(f"liebian_analytics.models.{_HOMES[name]}"), name)
    globals()[name] = found
    return found
