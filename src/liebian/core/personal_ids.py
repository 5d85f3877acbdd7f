"""Which ids are somebody's phone number, e-mail address or identity card. Plain Python; the patterns also suit Arrow's regular expressions."""

from __future__ import annotations

import re

_PHONE = r"(?:[A-Za-z]+[_:-]?)?(?:\+?86[ -]?)?1[3-9][0-9](?:[ -]?[0-9]{4}){2}|\+[0-9][0-9 ()-]{7,18}"
_EMAIL = r'[^\s"@]+@[^\s"@]+\.[^\s"@]+'
_ID = rf"(?:{_PHONE}|{_EMAIL}|[1-9][0-9]{{16}}[0-9Xx])"
WHOLE = rf"^{_ID}$"
IN_BODY = rf'"(?:previous_id|referred_by)"\s*:\s*"?{_ID}[",}}]'
_WHOLE = re.compile(WHOLE)


def is_personal(value: object) -> bool:
    """
    >>> [is_personal(v) for v in ("13800138000", "wx_138-0013-8000", "+442079460958", "lin@example.com", 13800138000)]
    [True, True, True, True, True]
    >>> [is_personal(v) for v in ("u-1001", "1000234", "0199a1b2-13ab-7c00-a001-1380013800ff", None)]
    [False, False, False, False]
    """
    return isinstance(value, str | int) and _WHOLE.match(str(value)) is not None
