"""Values that some database or reader below could not hold: refused here, once, with a reason."""

from __future__ import annotations

from liebian.core.errors import Invalid
from liebian.core.texts import mark as _

MAX_DEPTH = 20


def check_values(value: object, depth: int = 0) -> None:
    """Raises Invalid for NUL in text, for numbers beyond 64 bits, and for what is nested too deep."""
    if depth > MAX_DEPTH:
        raise Invalid("too_deep", _("The message is nested more than %(limit)s levels deep."), limit=MAX_DEPTH)
    if isinstance(value, str):
        if "\x00" in value:
            raise Invalid("bad_text", _("Text must not contain the character NUL (\\u0000)."))
    elif isinstance(value, dict):
        for key, item in value.items():
            check_values(key, depth)
            check_values(item, depth + 1)
    elif isinstance(value, list | tuple):
        for item in value:
            check_values(item, depth + 1)
    elif isinstance(value, int | float) and not -(2**63) <= value < 2**63:
        raise Invalid("bad_number", _("A number must fit in 64 bits. Send longer ones as text."))
