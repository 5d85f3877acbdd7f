"""Reads of `lake`: what it holds, whole histories, the rows of a few customers, and whether all is well."""

from liebian.lake.queries.checks import check_table, probe
from liebian.lake.queries.history import list_snapshots, open_history
from liebian.lake.queries.rows import Located, find_rows, locate_rows, stream_rows
from liebian.lake.queries.states import count_unhidden_files, get_position, get_state, list_states, list_versions
from liebian.lake.store import is_remote, url_of

__all__ = [
    "Located",
    "check_table",
    "count_unhidden_files",
    "find_rows",
    "get_position",
    "get_state",
    "is_remote",
    "list_snapshots",
    "list_states",
    "list_versions",
    "locate_rows",
    "open_history",
    "probe",
    "stream_rows",
    "url_of",
]
