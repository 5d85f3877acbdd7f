"""Headers of files that other sites load. Plain Python: the settings name it."""

from __future__ import annotations

from wsgiref.headers import Headers

OPEN_TO_OTHER_SITES = {"/liebian.js"}


def let_other_sites_load(headers: Headers, path: str, url: str) -> None:
    """A file whose name never changes: caches keep it for ten minutes and ask again by its ETag; sites with COEP may load it."""
    if url in OPEN_TO_OTHER_SITES:
        headers["Cross-Origin-Resource-Policy"] = "cross-origin"
        headers["Cache-Control"] = "max-age=600, public"
