"""Writes of `events`, one module per noun: the log, its sources, file imports."""

from liebian.events.services.log import insert_drafts, log_alias, record_day, record_events, record_outcomes
from liebian.events.services.sources import create_source, ensure_source, set_source_enabled

__all__ = [
    "create_source",
    "ensure_source",
    "insert_drafts",
    "log_alias",
    "record_day",
    "record_events",
    "record_outcomes",
    "set_source_enabled",
]
