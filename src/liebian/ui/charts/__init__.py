"""Charts as data: pure functions from figures to an ECharts option and the same figures as a table.

Colours are tokens (`var(--lb-…)`), functions are names (`lb:money:…`); the page's script resolves both. Titles state the
finding and come from the caller, who knows it. Funnels, account bars and heat grids are HTML, because their parts are doors.
"""

from liebian.ui.charts.bars import bars, shares
from liebian.ui.charts.cumulative import cumulative
from liebian.ui.charts.flows import Flow, flows
from liebian.ui.charts.heat import Cell, HeatGrid, heat_grid
from liebian.ui.charts.intervals import Estimate, intervals
from liebian.ui.charts.lines import Band, line_with_band, spark
from liebian.ui.charts.tree import TreeNode, tree
from liebian.ui.charts.types import COUNT, PERCENT, Chart, Series, Unit, decimal, money

__all__ = [
    "COUNT",
    "PERCENT",
    "Band",
    "Cell",
    "Chart",
    "Estimate",
    "Flow",
    "HeatGrid",
    "Series",
    "TreeNode",
    "Unit",
    "bars",
    "cumulative",
    "decimal",
    "flows",
    "heat_grid",
    "intervals",
    "line_with_band",
    "money",
    "shares",
    "spark",
    "tree",
]
