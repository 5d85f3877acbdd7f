"""Answers as the rows, squares and charts that pages draw. Pure: values in, values out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urlencode

from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _

from liebian.core.money import format_minor
from liebian.tiers import words
from liebian.tiers.rules import CELLS
from liebian.tiers.types import NOWHERE, Move, Preview, Square, TierAnswer, TierGroup
from liebian.ui import charts, formats


@dataclass(frozen=True, slots=True)
class GroupRow:
    """One cell as a row of a table."""

    cell: str
    label: str
    colour: int
    n_customers: int
    share_of_customers: float
    share_of_revenue: float | None
    per_head_minor: int | None
    bar: list[tuple[float, str]]
    href: str
    rule: str
    change: str


@dataclass(frozen=True, slots=True)
class MoveRow:
    source: str
    source_colour: int
    target: str
    target_colour: int
    n_customers: int


def people_href(answer: TierAnswer, today: date, cell: str) -> str:
    """The people of a cell: in the customers list when it is today's, else on the page for any day."""
    if answer.as_of == today:
        try:
            return f"{reverse('customers:list')}?{urlencode({'tier': f'{answer.model.name}:{cell}'})}"
        except NoReverseMatch:
            pass
    return _people(answer, cell=cell)


def _people(answer: TierAnswer, **chosen: Any) -> str:
    query = urlencode({"as_of": answer.as_of.isoformat(), **chosen})
    return f"{reverse('tiers:people', args=[answer.model.id])}?{query}"


def group_rows(answer: TierAnswer, today: date, before: Mapping[str, int] | None = None) -> list[GroupRow]:
    return [_row(answer, group, today, before) for group in answer.groups]


def _row(answer: TierAnswer, group: TierGroup, today: date, before: Mapping[str, int] | None) -> GroupRow:
    kind, colour = answer.model.kind, words.LADDER[group.cell]
    change = group.n_customers - before[group.cell] if before is not None else 0
    return GroupRow(
        cell=group.cell,
        label=words.cell_label(kind, group.cell),
        colour=colour,
        n_customers=group.n_customers,
        share_of_customers=group.share_of_customers,
        share_of_revenue=group.share_of_revenue,
        per_head_minor=group.revenue_minor // group.n_customers if group.n_customers else None,
        bar=[(max(0.0, group.share_of_revenue or 0.0), f"t{colour}")],
        href=people_href(answer, today, group.cell),
        rule=words.stage_rule(group.cell, answer.model.parameters) if kind == "lifecycle" else "",
        change=("+" if change > 0 else "") + formats.number(change),
    )


def finding(answer: TierAnswer) -> str:
    """The conclusion that a page leads with."""
    if not answer.n_customers:
        return _("Nobody can be placed yet: there is no order before this day")
    if answer.model.kind == "rfm":
        return _rfm_finding(answer)
    if answer.model.kind == "abc":
        top = answer.group("A")
        return _("%(people)s of buyers are A and bring %(revenue)s of revenue") % {
            "people": formats.percent(top.share_of_customers, 0),
            "revenue": formats.percent(top.share_of_revenue, 0),
        }
    at_risk, active = answer.group("at_risk"), answer.group("active")
    staying = active.n_customers + answer.group("loyal").n_customers
    return _("%(staying)s are active or loyal; %(leaving)s have started to drift away") % {
        "staying": formats.number(staying),
        "leaving": formats.number(at_risk.n_customers),
    }


def _rfm_finding(answer: TierAnswer) -> str:
    best, leaving = answer.group("important_value"), ("important_keep", "important_winback")
    return _(
        "%(people)s of buyers (%(name)s) bring %(revenue)s of revenue; %(leaving)s valuable ones are drifting away"
    ) % {
        "people": formats.percent(best.share_of_customers, 0),
        "name": words.cell_label("rfm", best.cell),
        "revenue": formats.percent(best.share_of_revenue, 0),
        "leaving": formats.number(sum(answer.group(cell).n_customers for cell in leaving)),
    }


def rfm_grid(answer: TierAnswer) -> charts.HeatGrid:
    bins = len(answer.cuts["recency"]) + 1 if answer.cuts else 5
    columns = [
        (f"R{score}", _band_text(answer, "recency", score, bins, _("%(limits)s days"))) for score in range(bins, 0, -1)
    ]
    rows = [
        (f"F{score}", _band_text(answer, "frequency", score, bins, _("%(limits)s orders")))
        for score in range(bins, 0, -1)
    ]
    cells = {(f"F{square.f}", f"R{square.r}"): _square(answer, square) for square in answer.squares}
    for row, column in ((row[0], column[0]) for row in rows for column in columns):
        cells.setdefault((row, column), charts.Cell("0", "", _people(answer, r=column[1:], f=row[1:]), 0))
    return charts.heat_grid(columns, rows, cells)


def _square(answer: TierAnswer, square: Square) -> charts.Cell:
    per_head = square.revenue_minor // square.n_customers
    return charts.Cell(
        value=formats.number(square.n_customers),
        note=format_minor(per_head, answer.currency, cents=False),
        href=_people(answer, r=square.r, f=square.f),
        weight=max(0, per_head),
        tag=words.cell_label("rfm", square.cell),
    )


def _band_text(answer: TierAnswer, measure: str, score: int, bins: int, pattern: str) -> str:
    """What a score stands for; empty for a score that two equal cuts leave unused."""
    points = [int(point) for point in answer.cuts.get(measure, ())]
    if not points:
        return ""
    below = bins - score if measure == "recency" else score - 1
    low = points[below - 1] + 1 if below else None
    high = points[below] if below < len(points) else None
    if low is not None and high is not None and low > high:
        return _("nobody")
    return pattern % {"limits": words.limits(low, high, least=1)}


def abc_chart(answer: TierAnswer) -> charts.Chart | None:
    if not answer.curve:
        return None
    people = answer.n_customers or 1
    a = answer.group("A").n_customers / people
    b = a + answer.group("B").n_customers / people
    return charts.cumulative(
        finding(answer),
        _("Customers by what they paid, largest first, and their share of revenue on the way up"),
        answer.curve,
        columns=(_("Share of customers"), _("Share of revenue")),
        even_name=_("If everybody paid the same"),
        marks=((a, "A | B"), (b, "B | C")),
        height=340,
    )


def lifecycle_chart(answer: TierAnswer, today: date) -> charts.Chart:
    labels = [words.cell_label("lifecycle", group.cell) for group in answer.groups]
    return charts.bars(
        finding(answer),
        _("Known customers by stage; a bar opens its people"),
        labels,
        [charts.Series(_("Customers"), [group.n_customers for group in answer.groups])],
        label_name=_("Stage"),
        hrefs=[people_href(answer, today, group.cell) for group in answer.groups],
        height=420,
    )


def flow_chart(kind: str, moves: Sequence[Move], before: date, after: date) -> charts.Chart | None:
    """Who went where between two days; None when nobody can be compared."""
    changed = [move for move in moves if move.source != move.target and move.source != NOWHERE]
    if not moves:
        return None
    order = [words.short_label(kind, cell) for cell in (*CELLS[kind], NOWHERE)]
    colours = {words.short_label(kind, cell): f"t{words.LADDER[cell]}" for cell in CELLS[kind]}
    colours[words.short_label(kind, NOWHERE)] = "line-strong"
    largest = changed[0] if changed else None
    flows = [
        charts.Flow(
            words.short_label(kind, move.source),
            words.short_label(kind, move.target),
            move.n_customers,
            strong=move is largest,
        )
        for move in moves
    ]
    return charts.flows(
        _flow_finding(kind, largest, moves),
        _("Everybody from %(before)s to %(after)s") % {"before": formats.day(before), "after": formats.day(after)},
        flows,
        order=order,
        colours=colours,
        columns=(_("From"), _("To"), _("Customers")),
        height=400,
    )


def _flow_finding(kind: str, largest: Move | None, moves: Sequence[Move]) -> str:
    if largest is None:
        return _("Nobody changed place in this time")
    out_of = sum(move.n_customers for move in moves if move.source == largest.source)
    return _("Largest move: %(n)s from “%(source)s” to “%(target)s”, %(share)s of them") % {
        "n": formats.number(largest.n_customers),
        "source": words.cell_label(kind, largest.source),
        "target": words.cell_label(kind, largest.target),
        "share": formats.percent(largest.n_customers / out_of, 0),
    }


def move_rows(preview: Preview) -> list[MoveRow]:
    return [
        MoveRow(
            words.cell_label(preview.kind, move.source),
            words.LADDER.get(move.source, 7),
            words.cell_label(preview.kind, move.target),
            words.LADDER.get(move.target, 7),
            move.n_customers,
        )
        for move in preview.moves
    ]
