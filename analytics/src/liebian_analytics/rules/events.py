"""events: how often the customer did something, in a window of whole business days or ever."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from liebian_analytics.rules.base import Rule, number_problem, window_problem
from liebian_analytics.rules.columns import Column, EventColumn
from liebian_analytics.rules.frames import Frame, Mask, column_of
from liebian_analytics.rules.operators import compare_numbers
from liebian_analytics.rules.words import Words


class Events(Rule, frozen=True, kw_only=True, tag="events"):
    """Customers for whom the event ``name`` occurred ``op`` ``value`` times; "did not" is ``eq`` 0."""

    name: str
    op: Literal["eq", "ne", "lt", "le", "gt", "ge", "between"] = "ge"
    value: int | tuple[int, int] = 1
    window_days: int | None = None

    def problem(self) -> tuple[str, str] | None:
        if not self.name.strip():
            return "name", "must name an event"
        return window_problem(self.window_days) or number_problem(self.op, self.value, least=0)

    def columns(self) -> Iterator[Column]:
        yield EventColumn(self.name, self.window_days)

    def matches(self, frame: Frame) -> Mask:
        return compare_numbers(column_of(frame, EventColumn(self.name, self.window_days).key), self.op, self.value)

    def say(self, words: Words) -> str:
        return words.events(self.name, self.op, self.value, self.window_days)
