"""Lists as the text of a PostgreSQL array. The driver would look at every element on its own, which costs more than the
statement that takes them; a list that nobody here knows how to write is left to it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Any

_PLAIN = frozenset(
    {
        "AutoField", "BigAutoField", "SmallAutoField", "BigIntegerField", "IntegerField", "SmallIntegerField",
        "PositiveBigIntegerField", "PositiveIntegerField", "PositiveSmallIntegerField", "ForeignKey", "OneToOneField", "BooleanField",
    }
)  # fmt: skip


def ints_text(values: Sequence[int | None]) -> str:
    """
    >>> ints_text([3, None, -1])
    '{3, NULL, -1}'
    """
    return "{" + str(list(values))[1:-1].replace("None", "NULL") + "}"


def texts_text(values: Sequence[str | None]) -> str:
    r"""
    >>> print(texts_text(['a "b"', None, 'c\\d']))
    {"a \"b\"",NULL,"c\\d"}
    """
    return "{" + ",".join("NULL" if value is None else _quoted(value) for value in values) + "}"


def bytes_text(values: Sequence[bytes | memoryview | None]) -> str:
    r"""
    >>> print(bytes_text([b"\x01\xff", None]))
    {"\\x01ff",NULL}
    """
    return "{" + ",".join("NULL" if value is None else f'"\\\\x{value.hex()}"' for value in values) + "}"


def times_text(values: Sequence[datetime | date | None]) -> str:
    """
    >>> print(times_text([date(2026, 6, 1), None]))
    {"2026-06-01",NULL}
    """
    parts, last, text = [], None, "NULL"
    for value in values:
        if value is not last:  # all rows of a step often share one moment
            last, text = value, "NULL" if value is None else f'"{value.isoformat()}"'
        parts.append(text)
    return "{" + ",".join(parts) + "}"


def _quoted(value: str) -> str:
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


_TEXTS: dict[str, Callable[[Sequence[Any]], str]] = {
    "BinaryField": bytes_text,
    "CharField": texts_text,
    "SlugField": texts_text,
    "TextField": texts_text,
    "JSONField": texts_text,
    "DateField": times_text,
    "DateTimeField": times_text,
}


def array_text(field: Any, values: Sequence[Any]) -> Any:
    """The values of one column of a set, JSON as its text already, for a parameter that is cast to an array of its type."""
    kind = field.target_field.get_internal_type() if field.is_relation else field.get_internal_type()
    if kind in _PLAIN:
        return ints_text(values)
    write = _TEXTS.get(kind)
    return write(values) if write else list(values)
