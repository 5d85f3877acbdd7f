"""A rule tree as somebody is typing it: texts, not values. Read from a posted form or made from a saved rule."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.http import QueryDict

from liebian.core.errors import Invalid
from liebian.core.money import exponent
from liebian.core.texts import mark as _

ROOT = "r"
BRANCHES = ("all_of", "any_of", "none_of")
MAX_DEPTH = 6
MAX_NODES = 200
_FIELD = re.compile(r"(r(?:-\d{1,3}){0,5})\.(branch|what|op|value|value2|window|channel|cells)")
_MONEY = ("revenue_minor", "average_order_minor")


@dataclass
class Node:
    """A group (`branch`) or a condition (`what`). `path` names its fields; `rule_path` is its place among finished ones."""

    branch: str = ""
    children: list[Node] = field(default_factory=list)
    what: str = ""
    op: str = ""
    value: str = ""
    value2: str = ""
    window: str = ""
    channel: str = ""
    cells: list[str] = field(default_factory=list)
    path: str = ROOT
    error: str = ""
    rule_path: tuple[int, ...] | None = None

    @property
    def depth(self) -> int:
        return self.path.count("-") + 1

    def walk(self) -> Iterator[Node]:
        yield self
        for child in self.children:
            yield from child.walk()

    def renumber(self, path: str = ROOT) -> Node:
        self.path = path
        for number, child in enumerate(self.children):
            child.renumber(f"{path}-{number}")
        return self


def new_group(branch: str = "all_of") -> Node:
    return Node(branch=branch, children=[new_condition()])


def new_condition() -> Node:
    return Node(what="orders:n_orders", op="ge", value="1", window="90")


def read_draft(data: QueryDict) -> Node:
    """The tree in a posted form. Raises Invalid for a form that no page of ours can have sent."""
    nodes: dict[str, Node] = {}
    for key in data:
        found = _FIELD.fullmatch(key)
        if found:
            node = nodes.setdefault(found[1], Node(path=found[1]))
            setattr(node, found[2], data.getlist(key)[:50] if found[2] == "cells" else data.get(key, "").strip()[:500])
    if len(nodes) > MAX_NODES:
        raise Invalid(
            "too_many_conditions",
            _("A segment may have at most %(limit)s conditions. Remove some, or split it in two."),
            limit=MAX_NODES,
        )
    root = nodes.get(ROOT) or Node(branch="all_of")
    root.branch = root.branch if root.branch in BRANCHES else "all_of"
    for path in sorted(nodes, key=_order):
        parent = nodes.get(path.rpartition("-")[0], root)
        if path != ROOT and parent.branch:
            nodes[path].branch = nodes[path].branch if nodes[path].branch in BRANCHES else ""
            parent.children.append(nodes[path])
    return root.renumber()


def _order(path: str) -> tuple[int, list[int]]:
    numbers = [int(part) for part in path.split("-")[1:]]
    return len(numbers), numbers


def draft_of(rule: Mapping[str, Any], currency: str) -> Node:
    """The tree of a saved rule; a single condition is put into a group."""
    node = _draft(rule, currency)
    return (node if node.branch else Node(branch="all_of", children=[node])).renumber()


def _draft(rule: Mapping[str, Any], currency: str) -> Node:
    kind = str(rule["kind"])
    if kind in BRANCHES:
        return Node(branch=kind, children=[_draft(child, currency) for child in rule["rules"]])
    if kind == "tier":
        return Node(what=f"tier:{rule['model']}", op="in", cells=list(rule["cells"]))
    name = str(rule["metric"] if kind == "orders" else rule["name"])
    value = rule.get("value")
    texts = [_text(item, name, currency) for item in (value if isinstance(value, list) else [value])]
    window, op = rule.get("window_days"), str(rule["op"])
    return Node(
        what=f"{kind}:{name}",
        op=op,
        value=", ".join(texts) if op == "in" else texts[0],
        value2=texts[1] if op == "between" else "",
        window="" if window is None else str(window),
        channel=str(rule.get("channel") or ""),
    )


def _text(value: Any, name: str, currency: str) -> str:
    if value is None:
        return ""
    if name in _MONEY:
        return f"{Decimal(value).scaleb(-exponent(currency)):f}".removesuffix(".00")
    return str(value)
