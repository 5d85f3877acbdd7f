"""The stage's part of an erasure: at the event that says so, a person becomes a number with their sums and a tombstone.

Does not own the decision (`customers.services`), the log's copies (`scrubbing`) or what other contexts keep.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from liebian.core import crypto
from liebian.core.columns import select_in
from liebian.customers.identity.person import SEALED_COLUMNS
from liebian.customers.identity.scrubbing import mark
from liebian.customers.models import (
    Customer,
    CustomerSeen,
    Erasure,
    Identifier,
    IdentityChange,
    Tombstone,
)
from liebian.customers.types import ANONYMOUS_KIND, CUSTOMER_ERASED
from liebian.events import queries as events
from liebian.events.types import INTERNAL_SOURCE, LogRow

_STONE = ("index", "customer_id", "erased_ms")
_BLANK: dict[str, Any] = {
    **dict.fromkeys((*SEALED_COLUMNS, "user_id", "known_at", "birth_month")),
    **dict.fromkeys(("channel", "city", "province", "gender", "occupation"), ""),
    "is_known": False,
    "attributes": {},
}


def is_erasure(row: LogRow) -> bool:
    return row.source == INTERNAL_SOURCE and row.name == CUSTOMER_ERASED


def until_erasure(rows: list[LogRow]) -> list[LogRow]:
    """As many of the rows as one step may take: an erasure is the last of its step, so that it finds everything before it written."""
    end = next((place for place, row in enumerate(rows) if is_erasure(row)), len(rows))
    return rows[: end + 1]


def erase_named(row: LogRow) -> None:
    """Take everything personal from the person whom an erasure names, under every id; other events change nothing.

    Writes Customer, CustomerSeen, Identifier, IdentityChange, Tombstone. Part of the step's transaction; idempotent.
    """
    if not is_erasure(row):
        return
    named = Customer.objects.filter(pk=events.open_body(row)["customer_id"]).first()
    if named is None:
        return
    person = named.merged_into or named.pk
    ids = [person, *Customer.objects.filter(merged_into=person).values_list("pk", flat=True)]
    _bury(person, ids, row)
    for each in Customer.objects.filter(pk__in=ids):
        contacts = {field: _mark(field, getattr(each, field)) for field in ("phone", "email")}
        Customer.objects.filter(pk=each.pk).update(**{**_BLANK, **contacts}, erased_by_event=row.id)
    CustomerSeen.objects.filter(pk__in=ids).update(is_known=False, changed_by_event=row.id)
    for change in IdentityChange.objects.filter(kind="merged", customer_id__in=ids):
        change.before = {side: {**told, **_BLANK} for side, told in (change.before or {}).items()}
        change.save(update_fields=["before"])


def _mark(field: str, sealed: bytes | None) -> bytes | None:
    """The keyed hash of a contact, in its place: nobody is shown it, and inviters and friends are still told apart by it."""
    if sealed is None:
        return None
    context = f"customer.{field}"
    return crypto.seal(mark(field, str(crypto.unseal(sealed, context=context))), context=context)


def _bury(person: int, ids: list[int], row: LogRow) -> None:
    """What found the person finds nobody. Devices are not kept: they may be in other hands."""
    found = Identifier.objects.filter(customer_id__in=ids)
    lasting = found.exclude(kind=ANONYMOUS_KIND).order_by("index").values_list("index", flat=True)
    stones = [
        Tombstone(index=bytes(index), customer_id=person, event_id=row.id, erased_ms=row.at_ms) for index in lasting
    ]
    Tombstone.objects.bulk_create(stones, ignore_conflicts=True)
    found.delete()


class Graves:
    """Tombstones of some keyed hashes. Mostly there are none at all, which costs one question."""

    def __init__(self, indexes: set[bytes]) -> None:
        self._stones: dict[bytes, list[tuple[int, int]]] = {}
        self.people: set[int] = set()
        if indexes and Tombstone.objects.exists():
            for index, customer_id, erased_ms in select_in(Tombstone, _STONE, "index", sorted(indexes)):
                self._stones.setdefault(bytes(index), []).append((erased_ms, customer_id))
                self.people.add(customer_id)

    def find(self, indexes: Iterable[bytes], at_ms: int) -> int | None:
        """Who was erased after this moment and had one of these; the first who was."""
        found = [stone for index in indexes for stone in self._stones.get(index, ()) if stone[0] > at_ms]
        return min(found)[1] if found else None


def reopen(customer_ids: set[int]) -> None:
    """Something of people who are erased came in late: the log's new copy is to be scrubbed as well."""
    Erasure.objects.filter(customer_id__in=customer_ids).update(done_at=None)


def indexes_of(customer_ids: Iterable[int]) -> frozenset[bytes]:
    """What found these people before they were erased."""
    rows = Tombstone.objects.filter(customer_id__in=list(customer_ids)).values_list("index", flat=True)
    return frozenset(bytes(index) for index in rows)


def list_conflicts(ids: list[int]) -> dict[int, int]:
    """Events of others that carry what was these people's, with whose they are."""
    rows = IdentityChange.objects.filter(kind="conflict", other_id__in=ids).exclude(customer_id__in=ids)
    return dict(rows.values_list("event_id", "customer_id"))


def list_brought(ids: list[int]) -> list[int]:
    """Whoever named one of these people as having recommended us, under every id."""
    brought = list(Customer.objects.filter(referred_by__in=ids).values_list("pk", flat=True))
    return [*brought, *Customer.objects.filter(merged_into__in=brought).values_list("pk", flat=True)]
