"""How the place of an erased value is marked: with the keyed hashes that it had, and nothing else. Plain Python; `crypto` makes them."""

from __future__ import annotations

import re

PREFIX = "erased:"
_HASH = re.compile(r"(?:erased:|;)([a-z_.]+)=([0-9a-f]{32})")


def is_erased(value: object) -> bool:
    """
    >>> is_erased("erased:phone=" + "0" * 32), is_erased("erased: nothing"), is_erased(7)
    (True, False, False)
    """
    return isinstance(value, str) and _HASH.match(value) is not None


def hashes_in(text: str) -> dict[str, str]:
    """Hashes by kind, wherever in the text the mark stands.

    >>> hashes_in("payer:erased:phone=" + "0" * 32)
    {'phone': '00000000000000000000000000000000'}
    """
    return dict(_HASH.findall(text))
