"""Writes of `events`, one module per noun: the log, its sources, file imports."""

from liebian.events.services.imports import (
    add_upload,
    cancel_import,
    drop_old_drafts,
    look_at,
    preview,
    queue_import,
    run_import,
    run_next_import,
    set_import_options,
    start_import,
)
from liebian.events.services.log import insert_drafts, log_alias, record_day, record_events, record_outcomes
from liebian.events.services.retention import drop_retired
from liebian.events.services.sources import create_source, ensure_source, set_source_enabled

__all__ = [
    "add_upload",
    "cancel_import",
    "create_source",
    "drop_old_drafts",
    "drop_retired",
    "ensure_source",
    "insert_drafts",
    "log_alias",
    "look_at",
    "preview",
    "queue_import",
    "record_day",
    "record_events",
    "record_outcomes",
    "run_import",
    "run_next_import",
    "set_import_options",
    "set_source_enabled",
    "start_import",
]
