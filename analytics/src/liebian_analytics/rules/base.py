"""What every node of a rule tree can do. Owns no kind of node."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from liebian_analytics.rules.columns import Column
from liebian_analytics.rules.frames import Frame, Mask
from liebian_analytics.rules.words import Words

MAX_DEPTH = 6
"""Most levels of a tree; a single condition has one."""
MAX_NODES = 200
"""Most nodes of a tree."""
MAX_WINDOW_DAYS = 3660
"""Longest window; leave the window out to ask about all of history."""


class Rule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind"):
    """One node of a segment rule: a condition, or a combination of nodes. Immutable and comparable."""

    def problem(self) -> tuple[str, str] | None:
        """(field, reason) if the values do not fit each other, else ``None``. Does not look at children."""
        return None

    def children(self) -> tuple[Rule, ...]:
        """Nodes below this one."""
        return ()

    def is_joined(self) -> bool:
        """Whether its clause joins several and needs brackets inside another."""
        return False

    def columns(self) -> Iterator[Column]:
        """Columns this node itself needs, children left out."""
        return iter(())

    def matches(self, frame: Frame) -> Mask:
        """Which customers of the frame satisfy the node."""
        raise NotImplementedError

    def say(self, words: Words) -> str:
        """The node as a clause of a sentence."""
        raise NotImplementedError


def clauses(rules: tuple[Rule, ...], words: Words) -> list[str]:
    """One clause per rule, bracketed where its parts would otherwise run into the neighbours'."""
    return [words.bracket(rule.say(words)) if rule.is_joined() else rule.say(words) for rule in rules]


def window_problem(window_days: int | None) -> tuple[str, str] | None:
    """Why a window cannot be used, if it cannot."""
    if window_days is not None and not 1 <= window_days <= MAX_WINDOW_DAYS:
        return "window_days", f"must lie between 1 and {MAX_WINDOW_DAYS} days, or be null for all of history"
    return None


def number_problem(op: str, value: int | tuple[int, int], *, least: int | None = None) -> tuple[str, str] | None:
    """Why an operator and its number or pair of numbers do not fit, if they do not."""
    pair = isinstance(value, tuple)
    if pair != (op == "between"):
        wanted = "two numbers [from, to]" if op == "between" else "one number"
        return "value", f"{op!r} needs {wanted}"
    if isinstance(value, tuple) and value[0] > value[1]:
        return "value", f"the first number must not exceed the second, got {list(value)}"
    if least is not None and min(value if isinstance(value, tuple) else (value,)) < least:
        return "value", f"must be at least {least}"
    return None
