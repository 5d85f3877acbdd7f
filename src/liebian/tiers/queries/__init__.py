"""Reads of tiers. One module per noun; this is the front door."""

from liebian.tiers.queries.answers import (
    answer_tiers,
    compare_days,
    explain,
    find_cells,
    list_square_members,
    list_tier_members,
    preview_model,
)
from liebian.tiers.queries.catalog import find_last_run, find_model, get_model, list_cells, list_models
from liebian.tiers.queries.lifts import LEVELS, get_mark
from liebian.tiers.queries.places import get_currency, known_people

__all__ = [
    "LEVELS",
    "answer_tiers",
    "compare_days",
    "explain",
    "find_cells",
    "find_last_run",
    "find_model",
    "get_currency",
    "get_mark",
    "get_model",
    "known_people",
    "list_cells",
    "list_models",
    "list_square_members",
    "list_tier_members",
    "preview_model",
]
