"""Rules from JSON and back, with the exact place of every mistake."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from liebian_analytics.errors import RuleError
from liebian_analytics.rules.all_of import AllOf
from liebian_analytics.rules.any_of import AnyOf
from liebian_analytics.rules.attribute import Attribute
from liebian_analytics.rules.base import MAX_DEPTH, MAX_NODES, Rule
from liebian_analytics.rules.events import Events
from liebian_analytics.rules.none_of import NoneOf
from liebian_analytics.rules.orders import Orders
from liebian_analytics.rules.tier import Tier

BRANCHES: dict[str, type[AllOf] | type[AnyOf] | type[NoneOf]] = {"all_of": AllOf, "any_of": AnyOf, "none_of": NoneOf}
LEAVES: dict[str, type[Rule]] = {"attribute": Attribute, "tier": Tier, "orders": Orders, "events": Events}
KINDS: tuple[str, ...] = (*BRANCHES, *LEAVES)


def parse_rule(source: str | bytes | Mapping[str, Any]) -> Rule:
    """A rule tree from JSON text or from its decoded form.

    Parameters
    ----------
    source
        An object with ``kind``: ``all_of``, ``any_of``, ``none_of`` (with ``rules``, a list), ``attribute``, ``tier``,
        ``orders`` or ``events`` with the fields of the class of that name.

    Returns
    -------
    Rule

    Raises
    ------
    RuleError
        With the path of the mistake, such as ``rules[1].value``: unknown kind or field, wrong type, values that do not
        fit the operator, more than 6 levels or 200 nodes.

    Examples
    --------
    >>> parse_rule('{"kind": "orders", "metric": "n_orders", "op": "ge", "value": 2, "window_days": 90}').value
    2
    >>> parse_rule({"kind": "all_of", "rules": [{"kind": "events", "name": "Seen"}, {"kind": "events", "name": 3}]})
    Traceback (most recent call last):
        ...
    liebian_analytics.errors.RuleError: rules[1].name: Expected `str`, got `int`
    """
    if isinstance(source, str | bytes):
        try:
            source = msgspec.json.decode(source)
        except msgspec.DecodeError as error:
            raise RuleError("", f"this is not JSON: {error}") from error
        except RecursionError:
            raise RuleError("", f"conditions may be nested at most {MAX_DEPTH} levels deep") from None
    return _node(source, "", 1, _Count())


def to_json(rule: Rule) -> str:
    """A rule as JSON text that ``parse_rule`` reads back to an equal rule.

    Examples
    --------
    >>> to_json(parse_rule({"kind": "tier", "model": "rfm", "cells": ["important_value"]}))
    '{"kind":"tier","model":"rfm","cells":["important_value"]}'
    """
    return msgspec.json.encode(rule).decode()


class _Count:
    def __init__(self) -> None:
        self.nodes = 0


def _node(source: Any, path: str, depth: int, count: _Count) -> Rule:
    count.nodes += 1
    if count.nodes > MAX_NODES:
        raise RuleError(path, f"a rule may have at most {MAX_NODES} conditions")
    if depth > MAX_DEPTH:
        raise RuleError(path, f"conditions may be nested at most {MAX_DEPTH} levels deep")
    if not isinstance(source, Mapping):
        raise RuleError(path, f"expected a condition (an object), got {_type_name(source)}")
    kind = source.get("kind")
    if not isinstance(kind, str) or kind not in KINDS:
        raise RuleError(_join(path, "kind"), f"expected one of {', '.join(KINDS)}; got {kind!r}")
    rule = _branch(source, kind, path, depth, count) if kind in BRANCHES else _leaf(source, kind, path)
    problem = rule.problem()
    if problem is not None:
        raise RuleError(_join(path, problem[0]), problem[1])
    return rule


def _branch(source: Mapping[str, Any], kind: str, path: str, depth: int, count: _Count) -> Rule:
    for field in source:
        if field not in {"kind", "rules"}:
            raise RuleError(_join(path, str(field)), f"{kind} has no such field; it has kind and rules")
    rules = source.get("rules", [])
    if not isinstance(rules, list | tuple):
        raise RuleError(_join(path, "rules"), f"expected a list of conditions, got {_type_name(rules)}")
    children = (_node(child, _join(path, f"rules[{number}]"), depth + 1, count) for number, child in enumerate(rules))
    return BRANCHES[kind](rules=tuple(children))


def _leaf(source: Mapping[str, Any], kind: str, path: str) -> Rule:
    try:
        return msgspec.convert(dict(source), LEAVES[kind], strict=True)
    except msgspec.ValidationError as error:
        reason, _, where = str(error).partition(" - at `$")
        unknown = re.fullmatch(r"Object contains unknown field `(.*)`", reason)
        missing = re.fullmatch(r"Object missing required field `(.*)`", reason)
        if unknown:
            raise RuleError(_join(path, unknown[1]), f"{kind} has no such field") from error
        if missing:
            raise RuleError(_join(path, missing[1]), "is missing") from error
        raise RuleError(_join(path, where.rstrip("`").lstrip(".")), reason) from error


def _join(path: str, part: str) -> str:
    return ".".join(piece for piece in (path, part) if piece)


def _type_name(value: Any) -> str:
    names = {dict: "an object", list: "a list", str: "a text", bool: "a truth value", type(None): "null"}
    return names.get(type(value), "a number")
