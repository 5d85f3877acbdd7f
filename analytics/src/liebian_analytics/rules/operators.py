"""Comparing a column with a value. An unknown value matches nothing but ``not_set``."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from liebian_analytics.rules.frames import Coded, Mask, Values, known

NUMBER_OPS: tuple[str, ...] = ("eq", "ne", "lt", "le", "gt", "ge", "between")
ATTRIBUTE_OPS: tuple[str, ...] = (*NUMBER_OPS, "in", "contains", "is_set", "not_set")

_COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "lt": operator.lt,
    "le": operator.le,
    "gt": operator.gt,
    "ge": operator.ge,
}


def compare_numbers(values: Values, op: str, operand: Any) -> Mask:
    """Where a numeric column stands in relation ``op`` to ``operand`` (``between``: two ends, both included).

    >>> compare_numbers(np.array([1.0, np.nan, 3.0]), "ge", 2).tolist()
    [False, False, True]
    """
    data = np.ma.getdata(values)
    if op == "between":
        low, high = operand
        found = (data >= low) & (data <= high)
    else:
        found = _COMPARE[op](data, operand)
    return np.asarray(found & known(values), dtype=bool)


def compare_attribute(values: Values | Coded, op: str, operand: Any) -> Mask:
    """Where an attribute stands in relation ``op`` to ``operand``; a value of another type never matches.

    Also ``ne`` needs a value of the same type: an unknown city is not "other than Shanghai". Dates and instants compare
    with ISO text.

    >>> cities = np.array(["上海", "北京", None], dtype=object)
    >>> compare_attribute(cities, "ne", "上海").tolist(), compare_attribute(cities, "not_set", None).tolist()
    ([False, True, False], [False, False, True])
    """
    if isinstance(values, Coded):
        answers: Mask = compare_attribute(values.choices, op, operand)[values.codes]
        return answers
    there = known(values)
    if op == "is_set":
        return there
    if op == "not_set":
        return ~there
    if values.dtype == object:
        return _compare_objects(values, op, operand)
    if op == "in":
        found = np.zeros(values.size, dtype=bool)
        for choice in operand:
            found |= compare_attribute(values, "eq", choice)
        return found
    operands = operand if op == "between" else [operand]
    typed = [_as_type_of(values, item) for item in operands]
    if op == "contains" or any(item is None for item in typed):
        return np.zeros(values.size, dtype=bool)
    return compare_numbers(values, op, typed if op == "between" else typed[0])


class _Answers(dict[Any, bool]):
    """Answers by value, so that each distinct text is compared once however many customers share it."""

    def __init__(self, op: str, operand: Any) -> None:
        self._question = (op, operand)

    def __missing__(self, value: Any) -> bool:
        answer = self[value] = _matches_one(value, *self._question)
        return answer


def _compare_objects(values: Values, op: str, operand: Any) -> Mask:
    operands = operand if isinstance(operand, tuple | list) else (operand,)
    # 1 and True are one key of a dict; texts have no such doubles.
    if all(isinstance(item, str) for item in operands):
        try:
            answer = frozenset(operands).__contains__ if op == "in" else _Answers(op, operand).__getitem__
            return np.fromiter(map(answer, values), dtype=bool, count=values.size)
        except TypeError:  # a value that cannot be a key, such as a list
            pass
    return np.fromiter((_matches_one(value, op, operand) for value in values), dtype=bool, count=values.size)


def _matches_one(value: Any, op: str, operand: Any) -> bool:
    if op == "in":
        return any(_matches_one(value, "eq", choice) for choice in operand)
    operands = operand if op == "between" else [operand]
    if any(_family(value) != _family(item) for item in operands):
        return False
    if op == "between":
        return bool(operand[0] <= value <= operand[1])
    if op == "contains":
        return operand in value
    return bool(_COMPARE[op](value, operand))


def _family(value: Any) -> str:
    if isinstance(value, bool):
        return "truth"
    if isinstance(value, int | float):
        return "number"
    return "text" if isinstance(value, str) else type(value).__name__


def _as_type_of(values: Values, operand: Any) -> Any:
    kind = values.dtype.kind
    family = _family(operand)
    if kind == "M" and family == "text":
        try:
            return np.datetime64(operand)
        except ValueError:
            return None
    fits = {"b": "truth", "i": "number", "u": "number", "f": "number", "U": "text"}.get(kind) == family
    return operand if fits else None
