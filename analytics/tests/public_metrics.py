"""The names of all public metrics that answer with a lazy table."""

from __future__ import annotations

import importlib
import inspect
import pkgutil

from liebian_analytics import metrics


def table_metrics() -> set[str]:
    modules = [
        importlib.import_module(f"{metrics.__name__}.{one.name}") for one in pkgutil.iter_modules(metrics.__path__)
    ]
    return {
        name
        for module in modules
        for name, thing in inspect.getmembers(module, inspect.isfunction)
        if not name.startswith("_")
        and thing.__module__ == module.__name__
        and inspect.signature(thing).return_annotation == "ir.Table"
    }
