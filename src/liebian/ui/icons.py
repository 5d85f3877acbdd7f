"""Tabler's outline icons as inline SVG, read once from node_modules."""

from __future__ import annotations

import re
from functools import lru_cache

from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from liebian.ui.assets import modules_folder

_PATHS = re.compile(r"<svg[^>]*>(.*)</svg>", re.DOTALL)
_NAME = re.compile(r"[a-z0-9-]+")
_FRAME = "M0 0h24v24H0z"


class UnknownIcon(LookupError):
    """A template names an icon that @tabler/icons does not have."""


@lru_cache(maxsize=512)
def _shapes(name: str) -> SafeString:
    folder = modules_folder() / "@tabler" / "icons" / "icons" / "outline"
    if not folder.is_dir():
        return SafeString("")
    file = folder / f"{name}.svg"
    if not _NAME.fullmatch(name) or not file.is_file():
        raise UnknownIcon(f"There is no outline icon named {name!r} in @tabler/icons.")
    found = _PATHS.search(file.read_text(encoding="utf-8"))
    lines = (line.strip() for line in (found.group(1) if found else "").splitlines())
    return mark_safe("".join(line for line in lines if line and _FRAME not in line))


def render_icon(name: str, label: str = "", extra: str = "") -> SafeString:
    """SVG of one em. With a label it is announced; without one it is decoration beside a word."""
    spoken = format_html('role="img" aria-label="{}"', label) if label else mark_safe('aria-hidden="true"')
    return format_html(
        '<svg class="ti ti-{}{}" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2"'
        ' stroke-linecap="round" stroke-linejoin="round" focusable="false" {}>{}</svg>',
        name,
        f" {extra}" if extra else "",
        spoken,
        _shapes(name),
    )
