"""How an inviter is shown to a friend: recognisable to who knows them, a stranger to everybody else. Plain Python."""

from __future__ import annotations

_FIRST_WIDE_LETTER = "\u2e80"


def first_name_hint(name: str) -> str:
    """Never the surname: the last character of a Chinese name, the first letter of the first word otherwise.

    >>> first_name_hint("林晚秋"), first_name_hint("林秋"), first_name_hint("Anna Berg"), first_name_hint("林"), first_name_hint("")
    ('*秋', '*秋', 'A***', '', '')
    """
    words = name.split()
    if not words:
        return ""
    if any(letter >= _FIRST_WIDE_LETTER for letter in name):
        whole = "".join(words)
        return f"*{whole[-1]}" if len(whole) > 1 else ""
    return words[0][0].upper() + "***" if len(words[0]) > 1 else ""
