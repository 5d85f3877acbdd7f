"""What rules need to know of everybody as of a day: one array per column, one place per known customer.

Columns are kept in memory per (lake snapshots, tier versions, day), so that editing one condition computes one column.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from threading import Lock
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
from django.conf import settings

from liebian.core.days import day_of
from liebian.core.errors import Invalid
from liebian.core.texts import mark as _
from liebian.lake.queries import list_snapshots, open_history
from liebian.lake.types import History
from liebian.tiers import queries as tiers

if TYPE_CHECKING:
    from liebian_analytics.rules.columns import Column
    from liebian_analytics.rules.frames import Values

Frame = dict[str, "Values"]
TABLES = ("order_facts", "customers", "events")
ATTRIBUTES: tuple[str, ...] = (
    "city", "province", "channel", "gender", "occupation", "birth_month", "known_day", "referred_by",
)  # fmt: skip
"""Attributes with a column of their own; every other name is looked up among the told ones."""
_KEPT = 6


class _Kept:
    """The frames of the last few (snapshots, day), each growing by the columns somebody asked for."""

    def __init__(self) -> None:
        self._frames: OrderedDict[tuple[Any, ...], Frame] = OrderedDict()
        self._lock = Lock()

    def find(self, key: tuple[Any, ...]) -> Frame:
        with self._lock:
            if key in self._frames:
                self._frames.move_to_end(key)
            return dict(self._frames.get(key, {}))

    def add(self, key: tuple[Any, ...], columns: Frame) -> Frame:
        with self._lock:
            frame = self._frames.setdefault(key, {})
            frame.update(columns)
            self._frames.move_to_end(key)
            while len(self._frames) > _KEPT:
                self._frames.popitem(last=False)
            return dict(frame)


_kept = _Kept()


def as_day(as_of: date | datetime) -> date:
    """Rules count whole business days: an instant stands for the day in which it lies, which does not count."""
    return day_of(as_of, settings.TIME_ZONE) if isinstance(as_of, datetime) else as_of


def get_frame(needed: Iterable[Column], as_of: date | datetime) -> Frame:
    """`customer_id` (ascending) and the needed columns of everybody known before the day."""
    from liebian_analytics.rules.columns import TierColumn

    day, columns = as_day(as_of), tuple(dict.fromkeys(needed))
    placed = tuple((model.name, model.version) for model in tiers.list_models())
    key = (list_snapshots(*TABLES), (*placed, tiers.get_mark(day)), day)
    frame = _kept.find(key)
    missing = [column for column in columns if column.key not in frame]
    if missing or "customer_id" not in frame:
        read = [column for column in missing if not isinstance(column, TierColumn)]
        if read or "customer_id" not in frame:
            fresh, snapshots = _read(read, day)
            if snapshots != key[0]:  # the lake moved on meanwhile: its columns do not fit the kept ones
                return get_frame(columns, day)
            frame = _kept.add(key, fresh)
        cells = [column for column in missing if isinstance(column, TierColumn)]
        if cells:
            frame = _kept.add(key, _cells(cells, frame["customer_id"], day))
    return frame


def _read(columns: Sequence[Column], day: date) -> tuple[Frame, tuple[str, ...]]:
    from liebian_analytics.rules.columns import AttributeColumn, EventColumn
    from liebian_analytics.rules.frames import frame_from_arrow
    from liebian_analytics.rules.windowed import windowed_columns

    currency = tiers.get_currency()
    told = [c for c in columns if isinstance(c, AttributeColumn) and c.name not in ATTRIBUTES]
    with open_history(*TABLES) as history:
        facts = history["order_facts"]
        facts = facts.filter(facts.currency == currency)
        people = _people(history, told)
        events = _event_days(history, {c.name for c in columns if isinstance(c, EventColumn)})
        wanted: list[Column] = [c for c in columns if c not in told]
        names = [c.name for c in told]
        if told:
            wanted.append(AttributeColumn("attributes"))
        table = windowed_columns(facts, events, people, wanted, day)
        arrow = history.engine.run(table.order_by("customer_id"))
        frame = frame_from_arrow(arrow)
        if names:
            frame |= _told(frame.pop("attributes"), names)
        return frame, history.snapshots


def _people(history: History, told: list[Any]) -> Any:
    """Known people with their attributes; an empty text is an unknown value."""
    people = tiers.known_people(history)
    texts = {name: people[name].nullif("") for name in ("city", "province", "channel", "gender", "occupation")}
    columns = [
        "customer_id",
        "first_seen_at",
        "first_seen_day",
        "attributes",
        *(n for n in ATTRIBUTES if n not in texts),
    ]
    return people.select(*columns, **texts)


def _event_days(history: History, names: set[str]) -> Any:
    events = history["events"]
    events = events.filter(events.name.isin(sorted(names) or [""]))
    return events.group_by("customer_id", "day", "name").aggregate(n_events=events.count())


def _told(packed: Values, names: list[str]) -> Frame:
    """Told attributes by name from each person's JSON; what nobody told is None."""
    decode = msgspec.json.Decoder(dict[str, Any]).decode
    columns = {name: np.full(len(packed), None, dtype=object) for name in names}
    for index, text in enumerate(packed):
        if text and text != "{}":
            values = decode(text)
            for name in names:
                value = values.get(name)
                columns[name][index] = value if isinstance(value, bool | int | float | str) and value != "" else None
    return dict(columns)


def _cells(columns: list[Any], ids: Values, day: date) -> Frame:
    placed = tiers.find_cells(day)
    frame = {}
    for column in columns:
        if column.model not in placed:
            raise Invalid(
                "no_such_tier_model",
                _("The rule asks for the tier model '%(model)s'. Choose one of: %(known)s."),
                model=column.model,
                known=list(placed),
            )
        owners, cells = placed[column.model]
        values = np.full(len(ids), None, dtype=object)
        at = np.searchsorted(ids, owners)
        there = at < len(ids)
        there[there] = ids[at[there]] == owners[there]
        values[at[there]] = cells[there]
        frame[column.key] = values
    return frame
