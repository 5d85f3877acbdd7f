"""Who was erased, and who comes back after that. No name is left to tell either by; keyed hashes tell."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from liebian.core import crypto
from liebian.core.crypto import index_of
from liebian.core.redaction import Words
from liebian.customers.models import Customer, Erasure, IdentityChange, Tombstone
from liebian.customers.queries.seen import find_selves
from liebian.customers.types import ANONYMOUS_KIND, ErasureView, ErasureWords

WORDS_CONTEXT = "erasure.words"


def view_erasure(row: Erasure) -> ErasureView:
    done_at = row.done_at if row.words is None else None
    return ErasureView(row.customer_id, row.reason, row.asked_at, row.asked_by, done_at, row.files_due_at)


def find_erasure(customer_id: int) -> ErasureView | None:
    """The decision to erase this person, None when there is none."""
    row = Erasure.objects.filter(customer_id=customer_id).first()
    return view_erasure(row) if row else None


def read_words(row: Erasure) -> Words:
    if row.words is None:
        return Words([])
    held: Any = crypto.unseal(row.words, context=WORDS_CONTEXT)
    return Words((kind, value) for kind, value in held)


def list_erasure_words() -> list[ErasureWords]:
    """What named the people whose erasure is under way, for taking it out of free texts. Never hand it on."""
    rows = Erasure.objects.filter(words__isnull=False, told_at__isnull=False).order_by("pk")
    return [
        ErasureWords(row.customer_id, tuple(find_selves([row.customer_id])), read_words(row), row.done_at is not None)
        for row in rows
    ]


def list_erased(ids: Iterable[int] | None = None) -> dict[int, int]:
    """Who of these people, or of all, was erased, and by which event of the log."""
    rows = Customer.objects.filter(erased_by_event__isnull=False)
    if ids is not None:
        rows = rows.filter(pk__in=list(ids))
    return {key: event for key, event in rows.values_list("pk", "erased_by_event") if event is not None}


def list_erasers(ids: Iterable[int]) -> dict[int, int | None]:
    """Who decided to erase these people."""
    return dict(Erasure.objects.filter(customer_id__in=list(ids)).values_list("customer_id", "asked_by"))


def list_returned(ids: Iterable[int]) -> dict[int, int]:
    """Who of these people had been a customer who was erased, and from which event on that is known."""
    links = IdentityChange.objects.filter(kind="linked", customer_id__in=list(ids)).exclude(
        identifier_kind=ANONYMOUS_KIND
    )
    rows = links.values_list("customer_id", "identifier_index", "event_id")
    said = [(person, bytes(index), event) for person, index, event in rows if index]
    buried: dict[bytes, int] = {}
    stones = Tombstone.objects.filter(index__in={index for _, index, _ in said}).order_by("-event_id")
    for index, event in stones.values_list("index", "event_id"):
        buried[bytes(index)] = event  # the first of several stands
    found: dict[int, int] = {}
    for person, index, event in said:
        if buried.get(index, event) < event:
            found[person] = min(event, found.get(person, event))
    return found


def was_erased(**contacts: str | None) -> bool:
    """Whether one of these contacts, by kind and in the form in which they are compared, was somebody's who was erased."""
    indexes = [index_of(kind, value) for kind, value in contacts.items() if value]
    return Tombstone.objects.filter(index__in=indexes).exists()
