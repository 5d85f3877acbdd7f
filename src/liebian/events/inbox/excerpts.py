"""The beginning of a body that was refused, as a page may show it: what can be read as JSON is masked as other messages are, and of
what comes behind only the marks are left, because nobody can say there which words are personal."""

from __future__ import annotations

import json
import re
from typing import Any

from liebian.events.inbox.masks import masked
from liebian.events.inbox.types import Excerpt
from liebian.events.types import EXCERPT

_WORD = re.compile(r"[\w\ufffd]+")
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],]|[^"{}\[\],]+', re.DOTALL)
_SHOWN_BEHIND = 200
_TRIED = 64  # places at which a broken text may have been whole
_DEEPEST = 64
_CLOSES = {"{": "}", "[": "]"}


def show_excerpt(told: str) -> Excerpt:
    text = told.strip()
    try:
        value, end = _read(text)
        shown = json.dumps(masked(value), ensure_ascii=False, indent=2) if end else ""
    except RecursionError:
        shown, end = "", 0
    behind = _WORD.sub("…", text[end:].strip()[:_SHOWN_BEHIND])
    return Excerpt(shown.encode(errors="replace").decode(), behind, is_cut=len(told.encode()) >= EXCERPT)


def _read(text: str) -> tuple[Any, int]:
    """The object or list that the text begins with, as far as it goes, and where that ends; (None, 0) when there is none."""
    if not text.startswith(tuple(_CLOSES)):  # a word or number alone: nobody can say whether it is personal
        return None, 0
    try:
        return json.JSONDecoder().raw_decode(text)
    except ValueError:
        pass
    for end, open_marks in reversed(_whole_places(text)[-_TRIED:]):
        try:
            return json.loads(text[:end] + "".join(_CLOSES[mark] for mark in reversed(open_marks))), end
        except ValueError:
            continue
    return None, 0


def _whole_places(text: str) -> list[tuple[int, str]]:
    """Where a value may have been whole, each place with the marks that are still open there."""
    places: list[tuple[int, str]] = []
    marks, end = "", 0
    while (token := _TOKEN.match(text, end)) and len(marks) <= _DEEPEST:
        end = token.end()
        if token[0] in _CLOSES:
            marks += token[0]
            places.append((end, marks))
        elif token[0] == ",":
            places.append((end - 1, marks))
        elif marks and token[0] == _CLOSES[marks[-1]]:
            marks = marks[:-1]
            places.append((end, marks))
    return places
