"""One value against one type: does it fit, and if not, is there a cast that loses nothing?

>>> cast("12.5", "number"), cast(3, "string"), cast("true", "boolean"), cast("007", "number")
(12.5, '3', True, None)
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

from liebian.events.checking.types import BOOLEAN, INTEGER, LIST, NUMBER, OBJECT, STRING, TIME

_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]{0,18})")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)\.[0-9]+")
_EPOCH = re.compile(r"[0-9]{9,10}|[0-9]{12,13}")
_GROUPED = re.compile(r"-?[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?")
_LEADING = re.compile(r"^(-?)0+(?=[0-9])")
_SPOKEN = {"1": True, "yes": True, "y": True, "是": True, "0": False, "no": False, "n": False, "否": False}
_EXACT_DIGITS = 15  # of decimal text that a float holds without loss
_LIMIT = 2**63
_START = datetime(1970, 1, 1, tzinfo=UTC)
_EARLIEST_S, _LATEST_S = 631_152_000, 10**11  # 1990; beyond the latter a number counts milliseconds
_LATEST_MS = 253_402_300_800_000  # year 10000


def type_of(value: object) -> str:
    """The type's name, for people: never the value."""
    if isinstance(value, bool):
        return BOOLEAN
    for kinds, name in ((int, INTEGER), (float, NUMBER), (str, STRING), (dict, OBJECT), ((list, tuple), LIST)):
        if isinstance(value, kinds):
            return name
    return TIME if isinstance(value, datetime) else "null"


def fits(value: object, kind: str) -> bool:
    if kind == TIME:
        return isinstance(value, datetime) or (isinstance(value, str) and is_time(value))
    found = type_of(value)
    return found == kind or (kind == NUMBER and found == INTEGER)


def is_time(text: str) -> bool:
    """ISO 8601 as the log reads it. Digits alone are a date of eight, or no ISO time: they may count milliseconds."""
    if text.isdigit() and len(text) != 8:
        return False
    try:
        moment = datetime.fromisoformat(text)
        (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return False
    return True


def cast(value: Any, kind: str) -> Any:
    """The value as that type where nothing is lost, else None."""
    if isinstance(value, str):
        return _from_text(value.strip(), kind)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if kind == STRING:
        return str(value)
    if kind == INTEGER:
        return int(value) if float(value).is_integer() and abs(value) < 2**53 else None
    return _time_from_number(value) if kind == TIME else None


def cast_as_told(value: Any, kind: str) -> Any:
    """As `cast`, and also what loses only its form, because a person asked for it. None where nothing fits.

    >>> cast_as_told("1,200.50", "number"), cast_as_told("007", "integer"), cast_as_told("是", "boolean")
    (1200.5, 7, True)
    """
    if fits(value, kind):
        return value
    told = value
    if isinstance(value, str):
        told = value.strip().replace("，", ",")
        if kind in {NUMBER, INTEGER}:
            told = _LEADING.sub(r"\1", told.replace(",", "") if _GROUPED.fullmatch(told) else told)
    if kind == BOOLEAN:
        told = _SPOKEN.get(str(told).lower(), told)
    if kind == STRING and isinstance(value, bool):
        told = str(value).lower()
    return told if fits(told, kind) else cast(told, kind)


def _from_text(text: str, kind: str) -> Any:
    if kind == STRING:
        return text
    if kind == BOOLEAN:
        return {"true": True, "false": False}.get(text.lower())
    if kind in {INTEGER, NUMBER}:
        return _number_from_text(text, kind)
    if kind != TIME:
        return None
    if is_time(text):
        return text
    return _time_from_number(int(text)) if _EPOCH.fullmatch(text) else None


def _number_from_text(text: str, kind: str) -> int | float | None:
    if _INTEGER.fullmatch(text):
        return int(text) if -_LIMIT <= int(text) < _LIMIT else None
    if not _NUMBER.fullmatch(text) or sum(letter.isdigit() for letter in text) > _EXACT_DIGITS:
        return None
    value = float(text)
    if kind == NUMBER:
        return value
    return int(value) if value == int(value) else None


def _time_from_number(value: int | float) -> str | None:
    """Seconds or milliseconds since 1970, between 1990 and 9999."""
    if _EARLIEST_S <= value < _LATEST_S:
        millis = int(value * 1000)
    elif _EARLIEST_S * 1000 <= value < _LATEST_MS:
        millis = int(value)
    else:
        return None
    return (_START + timedelta(milliseconds=millis)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
