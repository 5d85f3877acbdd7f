"""Who matches which live rule, for a batch of people: their attributes and tiers from `customers`, day facts from blobs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
from django.conf import settings
from liebian_analytics.rules.columns import TierColumn
from liebian_analytics.rules.frames import Coded
from liebian_analytics.rules.packed import Packed, day_number
from liebian_analytics.rules.packed_columns import EVENTS, ORDERS, packed_columns

from liebian.core.days import day_end, day_of
from liebian.customers import queries as customers
from liebian.segments.queries.frames import ATTRIBUTES
from liebian.segments.stage import facts
from liebian.segments.stage.rules import RuleSet

TEXTS = frozenset({"city", "province", "channel", "gender", "occupation"})
NUMBERS = frozenset({"birth_month", "referred_by"})


class MergedMeanwhile(Exception):
    """Somebody in the batch was merged away by another process: the step must begin anew."""


def match(ids: Sequence[int], packed: Packed, rules: RuleSet, today: date) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Per person (ascending ids, as in `packed`) and live rule, whether the person is in it when `today` counts."""
    told = [name for name in rules.attributes if name not in ATTRIBUTES]
    columns = [*(_source(name) for name in rules.attributes if name in ATTRIBUTES), *(["attributes"] if told else [])]
    people = customers.list_rule_attributes(
        ids, columns=list(dict.fromkeys(columns)), known_before=day_end(today, settings.TIME_ZONE)
    )
    if people.merged:
        raise MergedMeanwhile
    members: np.ndarray[Any, np.dtype[np.bool_]] = np.zeros((len(ids), len(rules.rules)), bool)
    places = np.searchsorted(np.asarray(ids, np.int64), np.asarray(people.ids, np.int64))
    if not len(places):
        return members
    frame = _frame(ids, packed, rules, today)
    for name in rules.attributes:
        raw = people.columns["attributes" if name in told else _source(name)]
        frame[name] = _spread(raw, places, len(ids), name, told)
    inside = np.zeros(len(ids), bool)
    inside[places] = np.asarray(people.is_known) & _there(people.is_there, packed, places, rules, today)
    return rules.plan.evaluate(frame).T & inside[:, None]


def _frame(ids: Sequence[int], packed: Packed, rules: RuleSet, today: date) -> dict[str, Any]:
    kind = facts.orders_kind(rules.currency)
    numbers = {(ORDERS, name): number for (_, name), number in facts.find_numbers([kind]).items()}
    numbers |= facts.find_numbers([EVENTS], rules.events) if rules.events else {}
    frame: dict[str, Any] = {"customer_id": np.asarray(ids, np.int64)}
    frame |= packed_columns(packed, rules.facts, today + timedelta(days=1), numbers)
    if rules.tiers:
        cells = customers.list_cells(ids, rules.tiers)
        for model in rules.tiers:
            frame[TierColumn(model).key] = Coded.of([cells[model].get(key) for key in ids])
    return frame


def _there(is_there: Sequence[bool], packed: Packed, places: Any, rules: RuleSet, today: date) -> Any:
    """Known before the day is over, or has ordered: an order of long ago makes a customer who said so only later."""
    there = np.asarray(is_there, bool)
    if there.all():
        return there
    kinds = [facts.orders_kind(rules.currency), facts.gone_kind(rules.currency)]
    bought = np.isin(packed.records["fact"], list(facts.find_numbers(kinds).values()))
    bought &= packed.records["day"] <= day_number(today)
    return there | np.isin(places, packed.owners[bought])


def _source(name: str) -> str:
    return "known_at" if name == "known_day" else name


def _spread(raw: Sequence[Any], places: Any, size: int, name: str, told: Sequence[str]) -> Any:
    """A column for everybody in the batch, in the type in which rules compare it."""
    if name in TEXTS:
        values: list[Any] = [None] * size
        for place, value in zip(places.tolist(), raw, strict=True):
            values[place] = value or None
        return Coded.of(values)
    if name == "known_day":
        days = np.full(size, np.datetime64("NaT"), "datetime64[D]")
        days[places] = [_day(moment) for moment in raw]
        return days
    if name in NUMBERS:
        numbers = np.full(size, np.nan)
        numbers[places] = [np.nan if value is None else value for value in raw]
        whole = np.nan_to_num(numbers).astype(np.int64)
        whole[places] = [value or 0 for value in raw]
        return np.ma.MaskedArray(whole, mask=np.isnan(numbers))
    found = np.full(size, None, dtype=object)
    for place, attributes in zip(places.tolist(), raw, strict=True):
        value = attributes.get(name)
        found[place] = value if isinstance(value, bool | int | float | str) and value != "" else None
    return found


def _day(moment: datetime | None) -> Any:
    return np.datetime64("NaT") if moment is None else np.datetime64(day_of(moment, settings.TIME_ZONE))
