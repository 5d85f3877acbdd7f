"""attribute: something known about the customer, such as city or gender."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal

from liebian_analytics.rules.base import Rule
from liebian_analytics.rules.columns import AttributeColumn, Column
from liebian_analytics.rules.frames import Frame, Mask, column_of
from liebian_analytics.rules.operators import compare_attribute
from liebian_analytics.rules.words import Words

Scalar = bool | int | float | str
NAME = re.compile(r"[^\W\d]\w{0,62}")


class Attribute(Rule, frozen=True, kw_only=True, tag="attribute"):
    """Customers whose attribute ``name`` stands in relation ``op`` to ``value``.

    An unknown attribute matches only ``not_set``. ``in`` takes a list, ``between`` two ends (both included), ``is_set``
    and ``not_set`` no value. Dates are ISO text.
    """

    name: str
    op: Literal["eq", "ne", "in", "contains", "lt", "le", "gt", "ge", "between", "is_set", "not_set"]
    value: Scalar | tuple[Scalar, ...] | None = None

    def problem(self) -> tuple[str, str] | None:
        if not NAME.fullmatch(self.name):
            return "name", "must start with a letter and hold letters, digits and underscores only"
        reason = self._value_problem()
        return ("value", reason) if reason else None

    def columns(self) -> Iterator[Column]:
        yield AttributeColumn(self.name)

    def matches(self, frame: Frame) -> Mask:
        return compare_attribute(column_of(frame, self.name), self.op, self.value)

    def say(self, words: Words) -> str:
        return words.attribute(self.name, self.op, self.value)

    def _value_problem(self) -> str | None:
        value = self.value
        if self.op in {"is_set", "not_set"}:
            return None if value is None else f"{self.op!r} takes no value"
        if self.op == "in":
            return None if isinstance(value, tuple) and value else "'in' needs a list with at least one value"
        if self.op == "between":
            return _range_problem(value)
        if value is None or isinstance(value, tuple):
            return f"{self.op!r} needs one value"
        if self.op == "contains":
            return None if isinstance(value, str) and value else "'contains' needs a text"
        if self.op not in {"eq", "ne"} and isinstance(value, bool):
            return f"{self.op!r} needs a number, a date or a text"
        return None


def _range_problem(value: Scalar | tuple[Scalar, ...] | None) -> str | None:
    if not isinstance(value, tuple) or len(value) != 2:
        return "'between' needs two values [from, to]"
    low, high = value
    if isinstance(low, str) and isinstance(high, str):
        return None if low <= high else "the first value must not come after the second"
    if isinstance(low, str | bool) or isinstance(high, str | bool):
        return "'between' needs two numbers or two texts"
    return None if low <= high else "the first value must not exceed the second"
