"""A person while a batch is resolved: the stored columns in Python's types, and which of them changed."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from operator import attrgetter
from typing import Any

from liebian.core.columns import insert_tuples, select_in, update_tuples
from liebian.customers.models import Customer, CustomerSeen

COLUMNS = (
    "id", "is_known", "user_id", "first_seen_at", "known_at", "merged_into", "name", "name_index", "phone", "email",
    "address", "channel", "city", "province", "gender", "occupation", "birth_month", "attributes", "referred_by",
)  # fmt: skip
SEEN_COLUMNS = ("customer", "is_known", "last_seen_at", "changed_by_event")
TOLD_COLUMNS = (
    "name", "name_index", "phone", "email", "address", "city", "province", "gender", "occupation", "birth_month", "attributes",
    "referred_by",
)  # fmt: skip
SEALED_COLUMNS = ("name", "name_index", "phone", "email", "address")

# What happened to somebody. Each names the columns that it writes, so that the many who were only seen stay cheap.
SEEN, EARLIER, CHANNEL, TOLD, KNOWN, MERGED = 1, 2, 4, 8, 16, 32
_WRITES = {
    SEEN: (),
    EARLIER: ("first_seen_at",),
    CHANNEL: ("channel",),
    TOLD: TOLD_COLUMNS,
    KNOWN: ("is_known", "user_id", "known_at"),
    MERGED: ("merged_into",),
}
_ORDER_DEFAULTS = ("n_orders", "revenue_minor")


class Person:
    __slots__ = (*COLUMNS, "change", "changed_by_event", "is_new", "last_seen_at")

    id: int
    is_known: bool
    user_id: str | None
    first_seen_at: datetime
    known_at: datetime | None
    merged_into: int | None
    name: bytes | None
    name_index: bytes | None
    phone: bytes | None
    email: bytes | None
    address: bytes | None
    channel: str
    city: str
    province: str
    gender: str
    occupation: str
    birth_month: int | None
    attributes: Any  # JSON text as stored until somebody reads it
    referred_by: int | None
    last_seen_at: datetime
    changed_by_event: int
    change: int
    is_new: bool

    def __init__(self, values: Iterable[Any], last_seen_at: datetime, changed_by_event: int) -> None:
        (
            self.id, self.is_known, self.user_id, self.first_seen_at, self.known_at, self.merged_into, self.name,
            self.name_index, self.phone, self.email, self.address, self.channel, self.city, self.province, self.gender,
            self.occupation, self.birth_month, self.attributes, self.referred_by,
        ) = values  # fmt: skip
        self.last_seen_at, self.changed_by_event = last_seen_at, changed_by_event
        self.change = 0
        self.is_new = False

    @classmethod
    def first_seen(cls, event_id: int, at: datetime) -> Person:
        person = cls(
            (event_id, False, None, at, None, None, None, None, None, None, None, "", "", "", "", "", None, {}, None), at, 0
        )  # fmt: skip
        person.is_new = True
        return person

    def told(self) -> dict[str, Any]:
        """Attributes as a dictionary of the person's own."""
        if isinstance(self.attributes, str):
            self.attributes = json.loads(self.attributes)
        return dict(self.attributes)

    def as_record(self) -> dict[str, Any]:
        """Everything but the id, as JSON holds it. Personal fields stay sealed."""
        record: dict[str, Any] = {name: getattr(self, name) for name in (*COLUMNS[1:], *SEEN_COLUMNS[2:])}
        record["attributes"] = self.told()
        for name in SEALED_COLUMNS:
            record[name] = record[name].hex() if record[name] is not None else None
        for name in ("first_seen_at", "known_at", "last_seen_at"):
            record[name] = record[name].isoformat() if record[name] is not None else None
        return record


_all = attrgetter(*COLUMNS)
_seen = attrgetter("id", "is_known", "last_seen_at", "changed_by_event")


def load_people(ids: Iterable[int]) -> dict[int, Person]:
    """People by id, and where somebody was merged away also the person who stands today."""
    found = _load(set(ids))
    finals = {p.merged_into for p in found.values() if p.merged_into and p.merged_into not in found}
    return found | _load(finals) if finals else found


def _load(ids: set[int]) -> dict[int, Person]:
    asked = sorted(ids)
    seen = {key: rest for key, *rest in select_in(CustomerSeen, ("customer", *SEEN_COLUMNS[2:]), "customer", asked)}
    return {row[0]: Person(row, *seen[row[0]]) for row in select_in(Customer, COLUMNS, "id", asked)}


def save_people(people: Iterable[Person]) -> None:
    """Insert who is new; of the others write what changed, one statement for each kind of change."""
    fresh: list[Person] = []
    seen: list[tuple[Any, ...]] = []
    by_change: dict[int, list[Person]] = {}
    for person in people:
        if person.is_new:
            fresh.append(person)
        elif person.change:
            seen.append((person.is_known, person.last_seen_at, person.changed_by_event, person.id))
            by_change.setdefault(person.change & ~SEEN, []).append(person)
    insert_tuples(Customer, (*COLUMNS, *_ORDER_DEFAULTS), [(*_all(person), 0, 0) for person in fresh])
    insert_tuples(CustomerSeen, SEEN_COLUMNS, list(map(_seen, fresh)))
    update_tuples(CustomerSeen, SEEN_COLUMNS[1:], seen, key="customer")
    for change, group in by_change.items():
        columns = tuple(dict.fromkeys(name for flag, names in _WRITES.items() if change & flag for name in names))
        if columns:
            update_tuples(Customer, columns, list(map(attrgetter(*columns, "id"), group)))
