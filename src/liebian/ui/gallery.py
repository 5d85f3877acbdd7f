"""Specimens for the component gallery: every component in its states. Figures here are made up and say so on the page.

`ui` stands below `access`, so the view with its permission `ui:gallery` is mounted there:
`render(request, "ui/gallery.html", gallery_context())`.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django import forms
from django.utils.translation import gettext as _

from liebian.ui import charts


def _tiers() -> list[dict[str, Any]]:
    names = [
        _("Champions"), _("Regulars"), _("Big spenders"), _("Newcomers"),
        _("Slipping"), _("Lapsed"), _("Asleep"),
    ]  # fmt: skip
    return [{"k": k, "name": name} for k, name in enumerate(names, start=1)]


def _k_chart() -> charts.Chart:
    days = [f"6/{day}" for day in range(1, 15)]
    values = [None, 0.11, 0.15, 0.17, 0.21, 0.24, 0.28, 0.3, 0.33, 0.36, 0.38, 0.4, 0.42, 0.43]
    half = [None, 0.11, 0.14, 0.13, 0.12, 0.11, 0.11, 0.1, 0.1, 0.09, 0.09, 0.08, 0.08, 0.08]
    pairs = list(zip(values, half, strict=True))
    low = [None if v is None or h is None else round(max(0.0, v - h), 3) for v, h in pairs]
    high = [None if v is None or h is None else round(v + h, 3) for v, h in pairs]
    return charts.line_with_band(
        _("K rose to 0.43: each participant brings 0.43 paying friends"),
        _("Paying friends per participant, 95% interval by resampling participants"),
        days,
        _("K (paying)"),
        values,
        label_name=_("Day"),
        unit=charts.decimal(2),
        band=charts.Band(_("95% interval"), low, high),
        provisional_from=6,
        provisional_name=_("Observed for less than 14 days"),
    )


def _bar_charts() -> tuple[charts.Chart, charts.Chart]:
    months = [f"2026-{month:02}" for month in range(1, 7)]
    paid = charts.Series(_("Paid"), [112800, 0, 23900, 41800, 32700, 39600])
    spend = charts.bars(
        _("Most is spent before a holiday"),
        _("Paid per month, refunds taken off"),
        months,
        [paid],
        label_name=_("Month"),
        unit=charts.money("CNY"),
        height=220,
    )
    first = charts.Series(_("First order"), [120, 140, 90, 160, 210, 180], "t4")
    again = charts.Series(_("Repeat order"), [220, 260, 230, 270, 260, 310], "treated")
    mix = charts.shares(
        _("Repeat orders keep their share"),
        _("Share of orders per month"),
        months,
        [first, again],
        label_name=_("Month"),
        height=220,
    )
    return spend, mix


def _interval_chart() -> charts.Chart:
    return charts.intervals(
        _("Treated bring 16.2 paying friends per 100, the control group 6.7"),
        _("95% interval; randomised by household"),
        [
            charts.Estimate(_("Treated"), 13.3, 16.2, 19.1),
            charts.Estimate(_("Control group"), 3.1, 6.7, 10.3, "holdout"),
        ],
        columns=(_("Arm"), _("Per 100"), _("95% interval")),
        unit=charts.decimal(1),
    )


def _pareto_chart() -> charts.Chart:
    points = [(0.05, 0.28), (0.1, 0.42), (0.2, 0.6), (0.3, 0.71), (0.5, 0.86), (0.8, 0.97), (1.0, 1.0)]
    return charts.cumulative(
        _("The best 20% of customers bring 60% of the sales"),
        _("Customers from the best down, 12 months"),
        points,
        columns=(_("Share of customers"), _("Share of sales")),
        even_name=_("If all spent the same"),
        marks=[(0.2, "A | B"), (0.5, "B | C")],
    )


def _tree_chart() -> charts.Chart:
    node = charts.TreeNode
    grandchildren = (node("石*峰"), node("汪*", "wait"))
    root = node("方*敏", children=(node("罗*", children=grandchildren), node("董*", "no"), node("于*飞")))
    return charts.tree(
        _("Invitations reached the third generation"),
        _("Filled has paid, ringed is on the way, grey does not count"),
        root,
        columns=(_("Person"), _("Invited by"), _("Generation"), _("Note")),
    )


def _flow_chart() -> charts.Chart:
    names = [tier["name"] for tier in _tiers()[:3]]
    moves = [
        charts.Flow(names[0], names[0], 742),
        charts.Flow(names[0], names[1], 126, strong=True),
        charts.Flow(names[1], names[0], 171),
        charts.Flow(names[1], names[1], 803),
        charts.Flow(names[2], names[1], 142),
        charts.Flow(names[2], names[2], 276),
    ]
    return charts.flows(
        _("126 fell from champions to regulars in three months"),
        _("Tiers then and now"),
        moves,
        order=names,
        colours={name: f"t{k}" for k, name in enumerate(names, start=1)},
        columns=(_("From"), _("To"), _("People")),
        height=240,
    )


def _heat() -> charts.HeatGrid:
    tags = {
        ("F2", "R2"): _("Champions"),
        ("F2", "R1"): _("Slipping"),
        ("F1", "R2"): _("Newcomers"),
        ("F1", "R1"): _("Asleep"),
    }
    numbers = {("F2", "R2"): (402, 3120), ("F2", "R1"): (97, 880), ("F1", "R2"): (516, 248), ("F1", "R1"): (1391, 38)}
    cells = {
        key: charts.Cell(f"{people:,}", f"¥{mean:,}", "#grid", float(mean), tags[key])
        for key, (people, mean) in numbers.items()
    }
    columns = [("R2", _("within 60 days")), ("R1", _("longer ago"))]
    return charts.heat_grid(columns, [("F2", _("2 orders or more")), ("F1", _("1 order"))], cells)


def _accounts() -> list[dict[str, Any]]:
    rows = [
        (_("Funded"), "world", "−¥60,000.00", _("once, by finance"), "sunken", 0),
        (_("Budget available"), "budget", "¥26,594.00", "44.3%", "line-strong", 0.443),
        (_("Reserved"), "reserved", "¥9,050.00", _("vouchers and returns"), "money-soft", 0.151),
        (_("Due"), "payable", "¥648.00", _("8 rewards"), "ink", 0.011),
        (_("Paid out"), "paid_out", "¥23,708.00", _("after clawbacks"), "money", 0.395),
    ]
    keys = ("label", "code", "amount", "note", "colour", "share")
    return [dict(zip(keys, row, strict=True)) | {"href": "#ledger"} for row in rows]


def _nodes() -> list[dict[str, Any]]:
    children = [
        {"name": "许*宁", "state": "ok", "note": "¥168"},
        {"name": "何*芸", "state": "wait", "note": _("return period")},
        {"name": "孟*佳", "state": "", "note": _("below the minimum")},
    ]
    return [{"name": "林*秋", "state": "ok", "href": "#tree", "children": children}]


class SpecimenForm(forms.Form):
    """Never saved: shows label, widget, help and error."""

    minimum = forms.IntegerField(min_value=0)
    channel = forms.ChoiceField(choices=[("shop", "Shop"), ("mini", "Mini programme")])
    remember = forms.BooleanField(required=False)


def _form() -> SpecimenForm:
    form = SpecimenForm({"specimen-minimum": "-5", "specimen-channel": "shop"}, prefix="specimen")
    form.fields["minimum"].label = _("The friend's first order pays at least")
    form.fields["minimum"].help_text = _("86% of first orders already reach ¥99")
    form.fields["channel"].label = _("Channel")
    form.fields["channel"].widget.choices = [("shop", _("Shop")), ("mini", _("Mini programme"))]
    form.fields["remember"].label = _("Keep for the next programme")
    return form


def gallery_context() -> dict[str, Any]:
    """Everything `ui/gallery.html` shows."""
    spend, mix = _bar_charts()
    return {
        "tiers": _tiers(),
        "k_chart": _k_chart(),
        "spend_chart": spend,
        "mix_chart": mix,
        "interval_chart": _interval_chart(),
        "pareto_chart": _pareto_chart(),
        "tree_chart": _tree_chart(),
        "flow_chart": _flow_chart(),
        "spark_chart": charts.spark(_("Sales"), list("1234567"), [3, 4, 4, 6, 5, 7, 8], label_name=_("Day")),
        "heat": _heat(),
        "accounts": _accounts(),
        "nodes": _nodes(),
        "parts": [(0.395, "money"), (0.16, "money-soft")],
        "steps": [{"label": _("Goal"), "href": "#steps"}, {"label": _("Rewards")}, {"label": _("Check")}],
        "form": _form(),
        "instant": datetime(2026, 11, 28, 12, 54, tzinfo=UTC),
    }
