"""Texts that the product made from figures and stored as a name: found again by their shape, so that a page can say them in the
language of its reader.

Owns the register of shapes. Whoever makes such texts registers theirs; what does not have the shape is what somebody typed.

>>> twice = register_made("%(figure)s twice")
>>> read_made("¥20.00 twice").msgid, type(read_made("Not twice"))
('%(figure)s twice', <class 'str'>)
"""

from __future__ import annotations

import re

from liebian.core.texts import Term

_SHAPES: dict[str, re.Pattern[str]] = {}


def register_made(msgid: str) -> str:
    """Texts of this shape are ours, with a figure in each of its places."""
    parts = re.split(r"%\((\w+)\)s", msgid)
    shape = "".join(rf"(?P<{part}>\S*\d\S*)" if at % 2 else re.escape(part) for at, part in enumerate(parts))
    _SHAPES[msgid] = re.compile(shape)
    return msgid


def read_made(text: str) -> str:
    """The text as a term to translate where we made it, otherwise as it came."""
    for msgid, shape in _SHAPES.items():
        if found := shape.fullmatch(text):
            return Term(msgid, **found.groupdict())
    return text
