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
from liebian.events.services.leftovers import redact_imports
from liebian.events.services.log import insert_drafts, log_alias, record_day, record_events, record_outcomes
from liebian.events.services.quarantine import (
    MAX_AT_ONCE,
    dismiss_quarantined,
    preview_repair,
    repair_quarantined,
    replay_quarantined,
)
from liebian.events.services.repairs import insert_repaired
from liebian.events.services.retention import drop_decided, drop_retired
from liebian.events.services.rewriting import forget_messages, hide_published_ids, rewrite_lake, rewrite_rows
from liebian.events.services.schemas import save_schema, set_schema_enabled
from liebian.events.services.source_settings import change_source, rotate_write_key, set_source_enabled
from liebian.events.services.sources import create_source, ensure_source
from liebian.events.services.tables import read_table

__all__ = [
    "MAX_AT_ONCE",
    "add_upload",
    "cancel_import",
    "change_source",
    "create_source",
    "dismiss_quarantined",
    "drop_decided",
    "drop_old_drafts",
    "drop_retired",
    "ensure_source",
    "forget_messages",
    "hide_published_ids",
    "insert_drafts",
    "insert_repaired",
    "log_alias",
    "look_at",
    "preview",
    "preview_repair",
    "queue_import",
    "read_table",
    "record_day",
    "record_events",
    "record_outcomes",
    "redact_imports",
    "repair_quarantined",
    "replay_quarantined",
    "rewrite_lake",
    "rewrite_rows",
    "rotate_write_key",
    "run_import",
    "run_next_import",
    "save_schema",
    "set_import_options",
    "set_schema_enabled",
    "set_source_enabled",
    "start_import",
]
