"""Where static files come from and how they are stored.

Owns: the list of vendor files that pages may load, and their hashed names. Does not own our own files in `static/ui`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import BaseFinder
from django.core.files.storage import FileSystemStorage
from whitenoise.storage import CompressedManifestStaticFilesStorage

VENDOR_FILES = {
    "vendor/tabler.min.css": "@tabler/core/dist/css/tabler.min.css",
    "vendor/tabler.min.js": "@tabler/core/dist/js/tabler.min.js",
    "vendor/htmx.min.js": "htmx.org/dist/htmx.min.js",
    "vendor/echarts.min.js": "echarts/dist/echarts.min.js",
}


def modules_folder() -> Path:
    return Path(settings.ROOT) / "node_modules"


class VendorStorage(FileSystemStorage):
    """Reads only the named vendor files; every other path does not exist."""

    prefix = ""

    def path(self, name: str) -> str:
        return str(modules_folder() / VENDOR_FILES[name])

    def exists(self, name: str) -> bool:
        return name in VENDOR_FILES and Path(self.path(name)).is_file()


class VendorFinder(BaseFinder):
    """Serves named files of node_modules under `vendor/`, never a whole folder."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.storage = VendorStorage()

    def check(self, **kwargs: Any) -> list[Any]:
        return []

    def find(self, path: str, find_all: bool = False, **kwargs: Any) -> Any:
        found = self.storage.path(path) if self.storage.exists(path) else None
        if find_all:
            return [found] if found else []
        return found

    def list(self, ignore_patterns: Iterable[str] | None) -> Iterator[tuple[str, VendorStorage]]:
        for name in VENDOR_FILES:
            if self.storage.exists(name):
                yield name, self.storage


def _without_source_maps(patterns: Any) -> Any:
    """The vendors' files name source maps that we do not serve, and a missing file would stop the collection."""
    return tuple(
        (glob, tuple(p for p in rules if "sourceMappingURL" not in (p if isinstance(p, str) else p[0])))
        for glob, rules in patterns
    )


class AssetStorage(CompressedManifestStaticFilesStorage):  # type: ignore[misc]
    """Hashed, compressed names once collected; plain names before that, so that pages and tests work without collecting."""

    manifest_strict = False
    patterns = _without_source_maps(CompressedManifestStaticFilesStorage.patterns)

    def stored_name(self, name: str) -> str:
        hashed = self.hashed_files.get(self.hash_key(self.clean_name(name)))
        return str(hashed) if hashed else name

    def url(self, name: str | None, force: bool = False) -> str:
        if not self.hashed_files and not force:
            return f"{settings.STATIC_URL}{name}"
        return str(super().url(name, force))
