"""Parameters of the tier models: what they may be, and how cells are ordered. Plain Python."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from math import floor
from typing import Any

from liebian.core.errors import Invalid
from liebian.core.texts import Term
from liebian.core.texts import mark as _

CELLS: dict[str, tuple[str, ...]] = {
    "rfm": (
        "important_value", "important_develop", "important_keep", "important_winback",
        "general_value", "general_develop", "general_keep", "general_winback",
    ),
    "abc": ("A", "B", "C"),
    "lifecycle": ("potential", "new", "active", "loyal", "at_risk", "lost"),
}  # fmt: skip
"""Cells of each kind in the order in which pages list them."""

MEASURES = ("recency", "frequency", "monetary")
MAX_DAYS = 3660
MAX_BINS = 9


@dataclass(frozen=True, slots=True)
class RfmParameters:
    """`cuts` are own cut points per measure, ascending, as many as bins less one; None = drawn from the data."""

    bins: int = 5
    high_from: int | None = None
    window_days: int | None = None
    cuts: dict[str, list[int]] | None = None

    def __post_init__(self) -> None:
        _within("bins", self.bins, 2, MAX_BINS)
        if self.high_from is not None:
            _within("high_from", self.high_from, 2, self.bins)
        _check_window(self.window_days)
        if self.cuts is not None:
            self._check_cuts(self.cuts)

    def _check_cuts(self, cuts: Mapping[str, Sequence[int]]) -> None:
        if set(cuts) != set(MEASURES):
            raise _bad("cuts", _("give cut points for recency, frequency and monetary"))
        for measure, points in cuts.items():
            if len(points) != self.bins - 1:
                raise _bad(
                    f"cuts.{measure}", _("give %(n)s numbers for %(bins)s scores"), n=self.bins - 1, bins=self.bins
                )
            if any(not _is_int(point) or point < 0 for point in points):
                raise _bad(f"cuts.{measure}", _("cut points are whole numbers of at least 0"))
            if list(points) != sorted(set(points)):
                raise _bad(f"cuts.{measure}", _("each cut point must be larger than the one before"))


@dataclass(frozen=True, slots=True)
class AbcParameters:
    """Cumulative shares of revenue, in hundredths of a percent, up to which customers are A, then B."""

    a_up_to: int = 8000
    b_up_to: int = 9500
    window_days: int | None = None

    def __post_init__(self) -> None:
        _within("a_up_to", self.a_up_to, 1, 9999)
        _within("b_up_to", self.b_up_to, 1, 10000)
        if self.a_up_to >= self.b_up_to:
            raise _bad("b_up_to", _("B must reach further than A"))
        _check_window(self.window_days)

    @property
    def cuts(self) -> tuple[float, float]:
        return self.a_up_to / 10_000, self.b_up_to / 10_000


@dataclass(frozen=True, slots=True)
class LifecycleParameters:
    new_days: int = 30
    active_days: int = 90
    lost_after_days: int = 180
    loyal_orders: int = 3

    def __post_init__(self) -> None:
        for name in ("new_days", "active_days", "lost_after_days"):
            _within(name, getattr(self, name), 1, MAX_DAYS)
        _within("loyal_orders", self.loyal_orders, 2, 1000)
        if not self.new_days <= self.active_days < self.lost_after_days:
            raise _bad("lost_after_days", _("the days must grow: new, then active, then lost"))


Parameters = RfmParameters | AbcParameters | LifecycleParameters
_CLASSES: dict[str, type[Parameters]] = {
    "rfm": RfmParameters,
    "abc": AbcParameters,
    "lifecycle": LifecycleParameters,
}


def parse_parameters(kind: str, raw: Mapping[str, Any]) -> Parameters:
    """Parameters of a kind from JSON; what is left out has its default.

    >>> parse_parameters("lifecycle", {"new_days": 14}).new_days
    14
    >>> parse_parameters("abc", {"a_up_to": 9600})
    Traceback (most recent call last):
        ...
    liebian.core.errors.Invalid: The tier parameters cannot be used: b_up_to: B must reach further than A.
    """
    if kind not in _CLASSES:
        raise _bad("kind", _("there is no kind '%(kind)s'; use rfm, abc or lifecycle"), kind=kind)
    unknown = set(raw) - set(_CLASSES[kind].__dataclass_fields__)
    if unknown:
        raise _bad(sorted(unknown)[0], _("%(kind)s has no such parameter"), kind=kind)
    for name, value in raw.items():
        if name != "cuts" and not (value is None or _is_int(value)):
            raise _bad(name, _("give a whole number"))
    return _CLASSES[kind](**raw)


def as_json(parameters: Parameters) -> dict[str, Any]:
    return asdict(parameters)


def _is_int(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _within(name: str, value: int, low: int, high: int) -> None:
    if not _is_int(value) or not low <= value <= high:
        raise _bad(name, _("give a whole number from %(low)s to %(high)s"), low=low, high=high)


def _check_window(days: int | None) -> None:
    if days is not None:
        _within("window_days", days, 1, MAX_DAYS)


def _bad(path: str, reason: str, **values: Any) -> Invalid:
    return Invalid(
        "bad_tier_parameters",
        _("The tier parameters cannot be used: %(path)s: %(reason)s."),
        path=path,
        reason=Term(reason, **values),
    )


def whole_band(points: Sequence[float], value: float) -> tuple[int | None, int | None]:
    """The whole numbers that score like `value`: a value up to and including a cut lies below it.

    >>> whole_band((10, 30.4, 60), 31), whole_band((10, 30.4, 60), 9), whole_band((10, 30.4, 60), 61)
    ((31, 60), (None, 10), (61, None))
    """
    above = max((point for point in points if point < value), default=None)
    up_to = min((point for point in points if point >= value), default=None)
    return None if above is None else floor(above) + 1, None if up_to is None else floor(up_to)
