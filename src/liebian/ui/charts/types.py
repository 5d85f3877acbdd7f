"""What every chart has: a finding, a measure, an option and a table; and the units its numbers are written in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from liebian.core.money import exponent, format_minor
from liebian.ui import formats

Value = int | float | None


@dataclass(frozen=True, slots=True)
class Unit:
    """How values are written: `full` in tooltips, `axis` on axes (both resolved by the page), `text` in the table."""

    full: str
    axis: str
    text: Callable[[Any], str]
    is_whole: bool = False

    def value_axis(self) -> dict[str, Any]:
        """An axis of things that cannot be halved has no ticks between two of them."""
        least = {"minInterval": 1} if self.is_whole else {}
        return {"type": "value", "axisLabel": {"formatter": self.axis}, **least}


COUNT = Unit("lb:number:0", "lb:short", formats.number, is_whole=True)
PERCENT = Unit("lb:percent:1", "lb:percent:0", formats.percent)


def decimal(digits: int) -> Unit:
    """Plain ratios such as K: 0.43."""
    return Unit(f"lb:number:{digits}", f"lb:trim:{digits}", lambda value: formats.number(value, digits))


def money(currency: str) -> Unit:
    """Values are minor units of the currency."""
    symbol = format_minor(0, currency, cents=False).removesuffix("0")
    digits = exponent(currency)
    return Unit(
        f"lb:money:{symbol}:{digits}",
        f"lb:moneyshort:{symbol}:{digits}",
        lambda value: formats.money(value, currency),
    )


@dataclass(frozen=True, slots=True)
class Series:
    """One named row of values. `colour` is a token: treated, holdout, money, t1…t7, c1…c6."""

    name: str
    values: Sequence[Value]
    colour: str = "treated"


@dataclass(frozen=True, slots=True)
class Chart:
    title: str
    subtitle: str
    option: dict[str, Any]
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    height: int = 260


def token(colour: str) -> str:
    return f"var(--lb-{colour})"


def check_lengths(labels: Sequence[Any], *values: Sequence[Any]) -> None:
    """Figures that do not belong to a label would be drawn in the wrong place."""
    for row in values:
        if len(row) != len(labels):
            raise ValueError(f"{len(labels)} labels but {len(row)} values.")


def label_step(count: int, shown: int = 7) -> int:
    """Axis labels to skip between two shown ones, so that about `shown` remain."""
    return max(0, -(-count // shown) - 1)
