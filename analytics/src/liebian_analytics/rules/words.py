"""The words in which a rule reads aloud: one class of phrases per language. Owns no logic of rules."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

Money = Callable[[int], str]
Value = int | tuple[int, int]


def plain_money(minor: int) -> str:
    """Amount in major units with two decimals, without a currency.

    >>> plain_money(123456)
    '1,234.56'
    """
    sign = "-" if minor < 0 else ""
    return f"{sign}{abs(minor) // 100:,}.{abs(minor) % 100:02d}"


class Words:
    """What a language must be able to say. ``labels`` gives names for codes, the language's own names come second."""

    def __init__(self, labels: Mapping[str, str] | None = None, money: Money | None = None) -> None:
        self._given = labels or {}
        self._money = money or plain_money

    names: Mapping[str, str] = {}

    def label(self, code: str, fallback: str) -> str:
        """Name of ``city``, ``tier:rfm``, ``tier:rfm:important_value``, ``event:Product Viewed``, ``channel:store``."""
        return self._given.get(code) or self.names.get(code) or fallback

    def cell(self, model: str, code: str) -> str:
        """Name of a cell: the model's own label first, then the common one of that code."""
        return self._given.get(f"tier:{model}:{code}") or self.names.get(f"cell:{code}") or code

    def amount(self, metric: str, value: Value) -> Sequence[str]:
        """The number or the two numbers of a condition, money as money."""
        show = self._money if metric.endswith("_minor") else (lambda number: f"{number:,}")
        return [show(number) for number in (value if isinstance(value, tuple) else (value,))]

    def sentence(self, clause: str, *, everybody: bool) -> str:
        """The whole rule."""
        raise NotImplementedError

    def bracket(self, clause: str) -> str:
        """A clause set apart."""
        raise NotImplementedError

    def join_all(self, clauses: Sequence[str]) -> str:
        """All of them; none given means everybody."""
        raise NotImplementedError

    def join_any(self, clauses: Sequence[str]) -> str:
        """At least one of them."""
        raise NotImplementedError

    def deny(self, clause: str) -> str:
        """Not that."""
        raise NotImplementedError

    def attribute(self, name: str, op: str, value: Any) -> str:
        """An attribute in relation to a value."""
        raise NotImplementedError

    def tier(self, model: str, cells: Sequence[str]) -> str:
        """In one of the cells of a model."""
        raise NotImplementedError

    def orders(self, metric: str, op: str, value: Value, window_days: int | None, channel: str | None) -> str:
        """A measure of orders."""
        raise NotImplementedError

    def events(self, name: str, op: str, value: Value, window_days: int | None) -> str:
        """How often something was done."""
        raise NotImplementedError
