"""Reads of segments. One module per noun; this is the front door."""

from liebian.segments.queries.definitions import find_segment, get_segment, list_segments, list_sizes
from liebian.segments.queries.edges import sample_edges
from liebian.segments.queries.live import (
    compare_with_lake,
    count_live,
    find_counted_until,
    find_replay,
    get_freshness,
    get_position,
    list_live_members,
    list_live_segments,
)
from liebian.segments.queries.members import (
    count_nodes,
    count_rule,
    count_segments,
    list_members,
    parse,
    segments_of,
)

__all__ = [
    "compare_with_lake",
    "count_live",
    "count_nodes",
    "count_rule",
    "count_segments",
    "find_counted_until",
    "find_replay",
    "find_segment",
    "get_freshness",
    "get_position",
    "get_segment",
    "list_live_members",
    "list_live_segments",
    "list_members",
    "list_segments",
    "list_sizes",
    "parse",
    "sample_edges",
    "segments_of",
]
