"""Charts are compared as values: `snapshots/*.json` hold what the browser is given."""

import json
from pathlib import Path

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from liebian.ui import charts
from liebian.ui.charts.heat import heat_level

SNAPSHOTS = Path(__file__).parent / "snapshots"


def line():
    band = charts.Band("95% interval", [None, 0.0, 0.1], [None, 0.3, 0.35])
    return charts.line_with_band(
        "K rose", "per participant", ["6/1", "6/2", "6/3"], "K", [None, 0.1, 0.2],
        label_name="Day", unit=charts.decimal(2), band=band, provisional_from=2, provisional_name="Provisional", reference=("Last year", 0.15),
    )  # fmt: skip


def bar():
    series = [charts.Series("Paid", [100, 250], "money")]
    return charts.bars(
        "Spent",
        "per month",
        ["May", "June"],
        series,
        label_name="Month",
        unit=charts.money("CNY"),
        hrefs=["/a", "/b"],
        mark=(1, "Budget"),
    )


def share():
    series = [charts.Series("First", [1, 0], "t4"), charts.Series("Repeat", [3, 0])]
    return charts.shares("Mix", "share", ["May", "June"], series, label_name="Month")


def interval():
    estimates = [charts.Estimate("Treated", 13.3, 16.2, 19.1), charts.Estimate("Control", -1, 6.7, 10.3, "holdout")]
    return charts.intervals(
        "16.2 against 6.7",
        "per 100",
        estimates,
        columns=("Group", "Per 100", "95%"),
        unit=charts.decimal(1),
        reference=("0", 0),
    )


def pareto():
    return charts.cumulative(
        "20% bring 60%",
        "12 months",
        [(0.2, 0.6), (1.0, 1.0)],
        columns=("Customers", "Sales"),
        even_name="Even",
        marks=[(0.2, "A | B")],
    )


def invited():
    root = charts.TreeNode(
        "F*m", children=[charts.TreeNode("L*", "wait", "on the way", "/customers/2"), charts.TreeNode("D*", "no")]
    )
    return charts.tree("Two invited", "filled has paid", root, columns=("Person", "Inviter", "Generation", "Note"))


def flow():
    moves = [charts.Flow("Core", "Loyal", 126, "/c", strong=True), charts.Flow("Loyal", "Loyal", 803)]
    return charts.flows(
        "126 fell",
        "then and now",
        moves,
        order=["Core", "Loyal"],
        colours={"Core": "t1", "Loyal": "t2"},
        columns=("From", "To", "People"),
    )


def sparkline():
    return charts.spark("Sales", ["1", "2"], [3, 4], label_name="Day")


ALL = {f.__name__: f for f in (line, bar, share, interval, pareto, invited, flow, sparkline)}


@pytest.mark.parametrize("name", ALL)
def test_a_chart_is_exactly_what_was_reviewed(name):
    with translation.override("en"):
        chart = ALL[name]()
    given_now = {
        "option": chart.option,
        "columns": list(chart.columns),
        "rows": [list(row) for row in chart.rows],
        "height": chart.height,
    }
    file = SNAPSHOTS / f"{name}.json"
    if not file.exists():
        file.parent.mkdir(exist_ok=True)
        file.write_text(json.dumps(given_now, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        pytest.fail(f"{file.name} was missing and has been written: review it and run again.")
    assert json.loads(json.dumps(given_now)) == json.loads(file.read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", ALL)
def test_options_are_plain_json_without_a_colour_of_their_own(name):
    text = json.dumps(ALL[name]().option, allow_nan=False)
    assert "#" not in text and "rgb(" not in text
    assert "function" not in text


@pytest.mark.parametrize("name", ALL)
def test_every_chart_has_the_same_figures_as_a_table(name):
    chart = ALL[name]()
    assert chart.rows
    assert all(len(row) == len(chart.columns) for row in chart.rows)


def test_figures_that_do_not_fit_their_labels_are_refused():
    with pytest.raises(ValueError, match="2 labels but 3 values"):
        charts.bars("t", "s", ["a", "b"], [charts.Series("x", [1, 2, 3])], label_name="l")


def test_the_observed_and_the_provisional_line_meet():
    observed, provisional = line().option["series"][2:4]
    assert observed["data"] == [None, 0.1, None]
    assert provisional["data"] == [None, 0.1, 0.2]


def test_a_month_without_orders_has_no_shares():
    assert share().option["series"][0]["data"][1]["value"] is None


@given(st.floats(0, 1e9), st.floats(0, 1e9))
def test_more_per_head_is_never_paler(a, b):
    low, high = sorted((a, b))
    assert 0 <= heat_level(low, high) <= heat_level(high, high) <= 5


def test_the_grid_draws_a_gap_where_the_named_group_changes():
    cells = {("F1", "R2"): charts.Cell("2", "", "/a", 5, "New"), ("F1", "R1"): charts.Cell("1", "", "/b", 1, "Asleep")}
    row = charts.heat_grid([("R2", ""), ("R1", "")], [("F1", "")], cells).rows[0]
    assert [cell["edge_right"] for cell in row["cells"]] == [True, False]
    assert row["cells"][0]["heat"] > row["cells"][1]["heat"]


@pytest.mark.parametrize(("unit", "least"), [(charts.COUNT, 1), (charts.PERCENT, None), (charts.money("CNY"), None)])
def test_an_axis_of_things_has_no_ticks_between_two_of_them(unit, least):
    drawn = charts.bars("t", "s", ["a"], [charts.Series("n", [1])], label_name="x", unit=unit)
    lines = charts.line_with_band("t", "s", ["a"], "n", [1], label_name="x", unit=unit)
    assert [one.option["yAxis"].get("minInterval") for one in (drawn, lines)] == [least, least]
