"""Many rules at once: every distinct condition is answered once, and conditions of one form are compared together."""

from __future__ import annotations

import operator
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np

from liebian_analytics.rules.all_of import AllOf
from liebian_analytics.rules.any_of import AnyOf
from liebian_analytics.rules.base import Rule
from liebian_analytics.rules.events import Events
from liebian_analytics.rules.frames import Frame, Mask, column_of, n_customers
from liebian_analytics.rules.none_of import NoneOf
from liebian_analytics.rules.orders import AVERAGE, Orders

_JOINS = (AllOf, AnyOf, NoneOf)
_COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    "eq": operator.eq, "ne": operator.ne, "lt": operator.lt, "le": operator.le, "gt": operator.gt, "ge": operator.ge,
}  # fmt: skip
_EXACT = 2**53


@dataclass(frozen=True, slots=True)
class _Node:
    """One distinct rule: its row in the answers, how many joins deep it is, and the rows of its conditions."""

    rule: Rule
    row: int
    depth: int
    below: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Counted:
    """Conditions with one operator on one number each: their columns, and per condition its column's place and its value."""

    op: str
    members: Sequence[_Node]
    keys: tuple[str, ...]
    places: Any
    values: Any

    def answer(self, frame: Frame, answers: Mask) -> None:
        columns = [column_of(frame, key) for key in self.keys]
        if all(type(column) is np.ndarray and column.dtype == np.int64 for column in columns):
            rows = [node.row for node in self.members]
            answers[rows] = _COMPARE[self.op](np.stack(columns)[self.places], self.values)
            return
        for node in self.members:
            answers[node.row] = node.rule.matches(frame)


@dataclass(frozen=True, slots=True)
class _Joined:
    """Conditions of one depth that are joined in one way: rows of the answer, and the rows below, one stretch for each."""

    kind: type[Rule]
    rows: Any
    below: Any
    starts: Any


class Plan:
    """Rules prepared for being evaluated together, again and again, on frames of few customers.

    Parameters
    ----------
    rules
        Parsed rules, in the order of the answer.

    Notes
    -----
    ``evaluate`` gives for each rule and customer what ``tree.evaluate`` gives; it only asks every distinct condition once and
    compares counts in one array operation for each operator, so that hundreds of rules cost about as much as tens.

    Examples
    --------
    >>> import numpy as np
    >>> from liebian_analytics.rules.parse import parse_rule
    >>> seen = {"kind": "events", "name": "Seen", "op": "ge", "value": 2}
    >>> rules = [parse_rule(seen), parse_rule({"kind": "none_of", "rules": [seen]})]
    >>> key = next(iter(rules[0].columns())).key
    >>> Plan(rules).evaluate({key: np.array([1, 2])}).tolist()
    [[False, True], [True, False]]
    """

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._nodes: dict[bytes, _Node] = {}
        self._wanted = np.array([self._add(rule).row for rule in rules], np.intp)
        nodes = list(self._nodes.values())
        conditions = [node for node in nodes if not node.depth]
        self._counted = _group_counts([node for node in conditions if _is_counted(node.rule)])
        self._single = [node for node in conditions if not _is_counted(node.rule)]
        self._joined = _group_joins([node for node in nodes if node.below])

    def _add(self, rule: Rule) -> _Node:
        """The rule's place; it stands behind those of its conditions. Told apart as written: 1 is not True."""
        key = msgspec.json.encode(rule)
        if key not in self._nodes:
            is_join = isinstance(rule, _JOINS)
            below = [self._add(child) for child in rule.children()] if is_join else []
            depth = 1 + max((node.depth for node in below), default=0) if is_join else 0
            self._nodes[key] = _Node(rule, len(self._nodes), depth, tuple(node.row for node in below))
        return self._nodes[key]

    def evaluate(self, frame: Frame) -> Mask:
        """Whom each rule matches.

        Parameters
        ----------
        frame
            As for ``tree.evaluate``, with the columns of all rules.

        Returns
        -------
        Boolean array of shape (rules, customers), never null.

        Raises
        ------
        BadArgument
            If a column is missing.

        >>> Plan([]).evaluate({"customer_id": np.array([7])}).shape
        (0, 1)
        """
        answers = np.ones((len(self._nodes), n_customers(frame)), bool)  # a join of nothing is everybody
        for group in self._counted:
            group.answer(frame, answers)
        for node in self._single:
            answers[node.row] = node.rule.matches(frame)
        for joined in self._joined:
            rows = answers[joined.below]
            if joined.kind is AllOf:
                answers[joined.rows] = np.logical_and.reduceat(rows, joined.starts, axis=0)
            else:
                any_of = np.logical_or.reduceat(rows, joined.starts, axis=0)
                answers[joined.rows] = any_of if joined.kind is AnyOf else ~any_of
        return answers[self._wanted]


def _group_counts(nodes: Sequence[_Node]) -> list[_Counted]:
    by_op: dict[str, list[_Node]] = defaultdict(list)
    for node in nodes:
        by_op[node.rule.op].append(node)  # type: ignore[attr-defined]
    groups = []
    for op, members in by_op.items():
        keys = [next(iter(node.rule.columns())).key for node in members]
        distinct = {key: place for place, key in enumerate(dict.fromkeys(keys))}
        places = np.array([distinct[key] for key in keys], np.intp)
        values = np.array([node.rule.value for node in members], np.int64)[:, None]  # type: ignore[attr-defined]
        groups.append(_Counted(op, members, tuple(distinct), places, values))
    return groups


def _group_joins(nodes: Sequence[_Node]) -> list[_Joined]:
    by_form: dict[tuple[int, str], list[_Node]] = defaultdict(list)
    for node in nodes:
        by_form[node.depth, type(node.rule).__name__].append(node)
    groups = []
    for _form, members in sorted(by_form.items(), key=lambda item: item[0]):
        starts = np.cumsum([0, *(len(node.below) for node in members[:-1])])
        below = np.array([row for node in members for row in node.below], np.intp)
        rows = np.array([node.row for node in members], np.intp)
        groups.append(_Joined(type(members[0].rule), rows, below, starts))
    return groups


def _is_counted(rule: Rule) -> bool:
    """A count or an amount against one number: without orders and events it is zero, never unknown."""
    if isinstance(rule, Orders) and (rule.metric == AVERAGE or rule.metric.startswith("days_since")):
        return False
    if not isinstance(rule, Orders | Events) or rule.op not in _COMPARE:
        return False
    return isinstance(rule.value, int) and abs(rule.value) < _EXACT
