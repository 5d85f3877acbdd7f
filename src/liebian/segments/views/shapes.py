"""A draft and its counts as what the builder draws. Pure: values in, values out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.dateformat import format as date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from liebian.core.money import format_minor
from liebian.segments import queries, words
from liebian.segments.forms import Node, Subject
from liebian.segments.forms.draft import MAX_DEPTH
from liebian.segments.types import DaySize, Edge, NodeCount
from liebian.ui import charts, formats

Counts = Mapping[tuple[int, ...], NodeCount]
Cells = Mapping[str, Sequence[tuple[str, str]]]


@dataclass(frozen=True, slots=True)
class Shown:
    """One node of the draft with everything its fields need."""

    node: Node
    subject: Subject | None
    cells: Sequence[tuple[str, str]]
    count: str
    children: tuple[Shown, ...]
    op_class: str
    word: str
    label: str
    turn_label: str
    may_nest: bool
    choices: Sequence[tuple[str, Sequence[Subject]]]

    @property
    def takes_value(self) -> bool:
        return self.node.op not in {"is_set", "not_set"} and self.subject is not None and self.subject.shape != "cells"

    @property
    def input_type(self) -> str:
        return "date" if self.subject is not None and self.subject.shape == "day" else "text"

    @property
    def size(self) -> int:
        return 16 if self.subject is not None and self.subject.shape == "text" else 7


@dataclass(frozen=True, slots=True)
class Step:
    """What one condition at the top leaves."""

    label: str
    n: int
    bar: list[tuple[float, str]]


def show(node: Node, counts: Counts, cells: Cells, subjects: Sequence[Subject], parent: str = "") -> Shown:
    known = {subject.key: subject for subject in subjects}
    subject = known.get(node.what) or (_other(node) if node.what else None)
    return Shown(
        node=node,
        subject=subject,
        cells=cells.get(subject.name, ()) if subject is not None and subject.shape == "cells" else (),
        count=_count(node, counts, parent),
        children=tuple(show(child, counts, cells, subjects, node.branch) for child in node.children),
        op_class={"any_of": "or", "none_of": "not"}.get(node.branch, ""),
        word=_word(node.branch),
        label=_group_label(node.branch),
        turn_label=_("%(word)s: %(meaning)s. Press to combine differently")
        % {"word": _word(node.branch), "meaning": _group_label(node.branch)},
        may_nest=node.depth < MAX_DEPTH - 1,
        choices=_choices(subjects, subject),
    )


def _other(node: Node) -> Subject | None:
    from liebian.segments.forms.subjects import find_subject

    return find_subject(node.what)


def _choices(subjects: Sequence[Subject], chosen: Subject | None) -> list[tuple[str, list[Subject]]]:
    groups: dict[str, list[Subject]] = {}
    for subject in subjects:
        groups.setdefault(subject.group, []).append(subject)
    if chosen is not None and chosen not in subjects:
        groups.setdefault(chosen.group, []).append(chosen)
    return list(groups.items())


def _word(branch: str) -> str:
    return {"all_of": _("and"), "any_of": _("or"), "none_of": _("not")}.get(branch, "")


def _group_label(branch: str) -> str:
    return {
        "all_of": _("All of these must hold"),
        "any_of": _("One of these is enough"),
        "none_of": _("Leave out whoever matches one of these"),
    }.get(branch, "")


def _count(node: Node, counts: Counts, parent: str) -> str:
    found = counts.get(node.rule_path) if node.rule_path is not None else None
    if found is None:
        return ""
    if parent == "any_of":
        return _("alone %(n)s") % {"n": formats.number(found.alone)}
    return formats.number(found.left)


def steps(root: Node, counts: Counts, population: int, currency: str, cells: Cells) -> list[Step]:
    """What each condition at the top leaves of everybody; only for a rule in which all must hold."""
    rows = [Step(_("Everybody"), population, [(1.0 if population else 0.0, "treated")])]
    if root.branch != "all_of":
        return []
    for child in root.children:
        found = counts.get(child.rule_path) if child.rule_path is not None else None
        if found is not None:
            share = found.left / population if population else 0.0
            rows.append(Step(_short_label(child), found.left, [(share, "treated")]))
    return rows


def _short_label(node: Node) -> str:
    if node.branch:
        return {"any_of": _("one of %(n)s"), "none_of": _("without %(n)s")}.get(node.branch, _("all of %(n)s")) % {
            "n": len(node.children)
        }
    subject = _other(node)
    return subject.label if subject else ""


def short_day(day: date) -> str:
    """A day on an axis, where the year is plain from the context."""
    return date_format(day, "n/j" if formats.is_chinese() else "j M")


def size_chart(sizes: Sequence[DaySize]) -> charts.Chart | None:
    """The counted sizes of the last days; None until there are two."""
    if len(sizes) < 2:
        return None
    gained = sizes[-1].size - sizes[0].size
    span = (sizes[-1].day - sizes[0].day).days
    text = _("%(n)s more in %(days)s days") if gained >= 0 else _("%(n)s fewer in %(days)s days")
    return charts.line_with_band(
        text % {"n": formats.number(abs(gained)), "days": span},
        _("Customers in the segment, counted once a day with the rule of that day"),
        [short_day(point.day) for point in sizes],
        _("Customers"),
        [point.size for point in sizes],
        label_name=_("Day"),
        height=150,
    )


@dataclass(frozen=True, slots=True)
class EdgeRow:
    customer_id: int
    name: str
    text: str


def edge_rows(edges: Sequence[Edge], names: Mapping[int, str], currency: str, cells: Cells) -> list[EdgeRow]:
    return [EdgeRow(edge.customer_id, names.get(edge.customer_id, ""), _edge_text(edge, currency)) for edge in edges]


def _edge_text(edge: Edge, currency: str) -> str:
    """What they have, and what the rule asks: "has 1; asked: at least 2 orders"."""
    condition = edge.condition
    metric = condition.get("metric", "")
    operator = _(words.OPERATORS[condition["op"]])
    if metric.endswith("_minor"):
        has, asked = (format_minor(int(amount), currency) for amount in (edge.value or 0, condition["value"]))
    elif metric.startswith("days_"):
        has, asked = (
            ngettext("%(n)s day", "%(n)s days", int(n)) % {"n": n} for n in (edge.value or 0, condition["value"])
        )
    else:
        has, asked = (formats.number(int(n)) for n in (edge.value or 0, condition["value"]))
    name = (
        _(words.METRICS[metric])
        if metric in words.METRICS
        else _(words.EVENTS.get(condition.get("name", ""), condition.get("name", "")))
    )
    return _("%(name)s: %(has)s; asked for: %(operator)s %(asked)s") % {
        "name": name, "has": has, "operator": operator, "asked": asked,
    }  # fmt: skip


def read_aloud(rule: Mapping[str, Any], currency: str, cells: Cells) -> str:
    return words.sentence(queries.parse(rule), currency=currency, cells=cells)
