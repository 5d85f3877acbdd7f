"""Pages of segments."""

from liebian.segments.views.builder import segment_new, segment_page, segment_preview
from liebian.segments.views.lists import customer_panel, segment_archive, segment_list, segment_members

__all__ = [
    "customer_panel",
    "segment_archive",
    "segment_list",
    "segment_members",
    "segment_new",
    "segment_page",
    "segment_preview",
]
