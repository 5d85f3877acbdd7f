"""Lists that are filtered, sorted and paged by their address, as every list of the product is."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

from django.http import QueryDict

from liebian.core import keyset

PAGE = 50
Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Order:
    """Which column a list is sorted by. `heads` holds for each sortable column its address and its state."""

    column: str
    is_descending: bool
    heads: dict[str, tuple[str, str]]


def read_order(given: QueryDict, columns: Iterable[str], *, default: str, falling: Iterable[str]) -> Order:
    """From `sort` and `order` of an address; columns in `falling` begin with the largest. A click on the sorted one turns it round."""
    names, falling = list(columns), set(falling)
    column = given.get("sort", "")
    column = column if column in names else default
    turned = given.get("order") == "turned"
    is_descending = (column in falling) is not turned
    heads = {}
    for name in names:
        state = ("descending" if is_descending else "ascending") if name == column else ""
        heads[name] = (with_changes(given, sort=name, order="turned" if state and not turned else None), state)
    return Order(column, is_descending, heads)


def with_changes(given: QueryDict, **changes: str | None) -> str:
    """The address with changes, from its first page on unless `after` is among them."""
    values = given.copy()
    for name in ("after", *changes):
        values.pop(name, None)
    for name, value in changes.items():
        if value:
            values[name] = value
    return f"?{values.urlencode()}"


def page_of(
    rows: Iterable[Row], given: QueryDict, order: Order, key: Callable[[Row], tuple[str | int, str]], limit: int = PAGE
) -> tuple[list[Row], dict[str, Any]]:
    """(one page of rows that are all at hand, what the template's pager needs). `key` gives what is sorted by, and a name that is unique."""
    ordered = sorted(rows, key=lambda row: _fold(key(row)), reverse=order.is_descending)
    start = 0
    if after := given.get("after", ""):
        told = keyset.decode(after, size=2)
        if not (isinstance(told[0], str | int) and isinstance(told[1], str)):
            raise keyset.bad_cursor()
        place = _fold((told[0], told[1]))
        start = sum(not _is_behind(_fold(key(row)), place, order.is_descending) for row in ordered)
    shown = ordered[start : start + limit]
    more = start + limit < len(ordered)
    return shown, {
        "count": len(ordered),
        "next": with_changes(given, after=keyset.encode(*key(shown[-1]))) if more else "",
        "previous": with_changes(given) if start else "",
    }


def _fold(key: tuple[str | int, str]) -> tuple[bool, str | int, str]:
    value, name = key
    return (isinstance(value, str), value.casefold() if isinstance(value, str) else value, name)


def _is_behind(key: tuple[Any, ...], place: tuple[Any, ...], is_descending: bool) -> bool:
    return key < place if is_descending else key > place
