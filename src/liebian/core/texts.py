"""Texts that plain Python writes and a page translates: marked where they are written, filled where they are read.

Owns the notation `%(name)s`. Does not translate: the page does (`ui.formats.error_text`), so nothing here needs Django.

>>> fill("There is no import %(job_id)s.", {"job_id": 7})
'There is no import 7.'
>>> fill("Known: %(names)s, at %(share)s%%.", {"names": ["a", "b"], "share": 30})
'Known: a, b, at 30%.'
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_PLACE = re.compile(r"%(?:\((\w+)\)s|%)")


def mark(text: str) -> str:
    """Hands the text to the translators' catalogue. Import it `as _`: that is the name under which texts are collected."""
    return text


def fill(text: str, values: Mapping[str, Any], *, separator: str = ", ") -> str:
    """The text with its places filled; a place without a value stays visible rather than raising a second error."""

    def place(found: re.Match[str]) -> str:
        name = found[1]
        if name is None:
            return "%"
        return _shown(values[name], separator) if name in values else found[0]

    return _PLACE.sub(place, text)


def _shown(value: Any, separator: str) -> str:
    if isinstance(value, list | tuple):
        return separator.join(str(item) for item in value)
    return str(value)


class Term(str):
    """A detail of a message in the product's own words: English as text, translated on a page like the message itself.

    Any other text among the details is what somebody typed or sent, and is shown as it came.

    >>> Term("at most %(limit)s levels", limit=6)
    'at most 6 levels'
    """

    msgid: str
    values: dict[str, Any]

    def __new__(cls, msgid: str, /, **values: Any) -> Term:
        term = super().__new__(cls, fill(msgid, values))
        term.msgid, term.values = msgid, values
        return term
