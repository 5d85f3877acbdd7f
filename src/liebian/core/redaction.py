"""Taking what names a person out of free texts, and nothing else of them. Plain Python; does not own where the texts stand."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cached_property
from typing import Any

BAR = "███"
_SHORTEST = {"name": 2, "email": 5, "phone": 7}
_SHORTEST_ID = 4
_CERTAIN = frozenset({"phone", "email", "openid", "unionid", "id_card"})
_LONG_ID = 8


class Words:
    """What was known of a person, as (kind, value). Too short ones are left out: they would be found in every text.

    >>> words = Words([("phone", "+8613812346021"), ("name", "Lin"), ("user_id", "17")])
    >>> words.redact("lin called from 138 1234-6021 about 17 points; Linda did not")
    '███ called from ███ about 17 points; Linda did not'
    >>> words.redact_within({"note": ["138-12346021", 5]}), words.certain.names("Lin")
    ({'note': ['███', 5]}, False)
    """

    def __init__(self, said: Iterable[tuple[str, str]]) -> None:
        self.said = frozenset((kind, value) for kind, value in said if _is_long_enough(kind, value))

    def __bool__(self) -> bool:
        return bool(self.said)

    @cached_property
    def certain(self) -> Words:
        """Only those that are nobody else's: for texts of which it is not known whom they are about."""
        return Words(
            (kind, value) for kind, value in self.said if kind in _CERTAIN or (_is_id(kind) and len(value) >= _LONG_ID)
        )

    def names(self, text: str) -> bool:
        return bool(self.said) and self._pattern.search(text) is not None

    def redact(self, text: str) -> str:
        """Never longer than it was."""
        return self._pattern.sub(lambda found: BAR[: len(found.group())], text) if self.said else text

    def redact_within(self, value: Any) -> Any:
        """The same in every text of a JSON value; its names stay."""
        if isinstance(value, str):
            return self.redact(value)
        if isinstance(value, list):
            return [self.redact_within(item) for item in value]
        if isinstance(value, dict):
            return {name: self.redact_within(item) for name, item in value.items()}
        return value

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        longest_first = sorted(self.said, key=lambda each: -len(each[1]))
        return re.compile("|".join(_written(kind, value) for kind, value in longest_first), re.IGNORECASE)


def _is_id(kind: str) -> bool:
    return kind in ("user_id", "anonymous_id")


def _is_long_enough(kind: str, value: str) -> bool:
    return len(value) >= _SHORTEST.get(kind, _SHORTEST_ID)


def _written(kind: str, value: str) -> str:
    """A phone number also without the country and with anything between its digits; a name also with other spaces."""
    if kind == "phone":
        digits = re.sub(r"\D", "", value)
        own = digits.removeprefix("86") if value.startswith("+86") else digits
        country = r"(?:(?:\+|00)?86[\s().-]*)?" if own != digits else r"\+?"
        return rf"(?<!\d){country}" + r"[\s().-]*".join(own) + r"(?!\d)"
    text = r"\s+".join(re.escape(part) for part in value.split())
    start, end = (
        (r"(?<![0-9A-Za-z_])" if value[0].isascii() else ""),
        (r"(?![0-9A-Za-z_])" if value[-1].isascii() else ""),
    )
    return start + text + end
