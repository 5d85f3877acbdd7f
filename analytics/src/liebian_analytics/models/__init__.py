"""Models of customer value: ``fit`` on a summary table, ``predict``; learned names end in ``_``.

Heavy imports happen when a model is first named, so that importing the library stays quick.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from liebian_analytics.models.bg_nbd import BgNbd as BgNbd
    from liebian_analytics.models.bg_nbd import MbgNbd as MbgNbd

_HOMES = {"BgNbd": "bg_nbd", "MbgNbd": "bg_nbd"}
__all__ = ["BgNbd", "MbgNbd"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"liebian_analytics.models has no {name!r}")
    return getattr(import_module(f"liebian_analytics.models.{_HOMES[name]}"), name)
