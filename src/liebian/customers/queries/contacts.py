"""By which contacts two people are compared, and when each was told. Keyed hashes only."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from liebian.core import crypto
from liebian.core.columns import select_in
from liebian.core.erased import is_erased
from liebian.customers.models import Identifier, IdentityChange
from liebian.customers.rules import normal_email, normal_phone
from liebian.customers.types import mailbox_of
from liebian.events import queries as events

_TOLD = ("linked", "conflict")  # also what was somebody else's
_Said = tuple[int, str, bytes, int]


def contacts_of(phone: object, email: object) -> frozenset[str]:
    """Keyed hashes by which contacts of two people are compared: the phone, and the mailbox behind the address. Of what was erased,
    those that were kept."""
    found = set()
    for kind, said in (("phone", phone), ("mailbox", email)):
        normal = str(said) if is_erased(said) else _comparable(kind, said) if said else None
        if normal:
            found.add(crypto.index_of(kind, normal).hex())
    return frozenset(found)


def _comparable(kind: str, said: object) -> str | None:
    if kind == "phone":
        return normal_phone(said)
    email = normal_email(said)
    return mailbox_of(email) if email else None


def list_contacts_told(ids: Iterable[int]) -> dict[int, dict[str, int]]:
    """Every contact that each of these people ever told, as `contacts_of` has it, with the event that told it first."""
    rows = IdentityChange.objects.filter(
        customer_id__in=list(ids), kind__in=_TOLD, identifier_kind__in=("phone", "email")
    )
    columns = rows.order_by("event_id").values_list("customer_id", "identifier_kind", "identifier_index", "event_id")
    said = [(person, kind, bytes(index), event) for person, kind, index, event in columns if index]
    mailboxes = _mailboxes([each for each in said if each[1] == "email"])
    found: dict[int, dict[str, int]] = defaultdict(dict)
    for person, kind, index, event in said:
        told = {index.hex()} if kind == "phone" else mailboxes.get(index, frozenset())
        for contact in told:
            found[person].setdefault(contact, event)
    return found


def _mailboxes(said: list[_Said]) -> dict[bytes, frozenset[str]]:
    """Of each address the hash of its mailbox. Of one that was erased the log has kept it."""
    kept = select_in(Identifier, ("index", "value"), "index", sorted({index for _, _, index, _ in said}))
    opened = ((bytes(index), crypto.unseal(value, context="identifier.value")) for index, value in kept)
    found = {index: contacts_of(None, value) for index, value in opened}
    gone = [(person, index, event) for person, _, index, event in said if index not in found]
    records = (
        events.list_events_by_id({event for *_, event in gone}, owners={person for person, *_ in gone}) if gone else {}
    )
    for _, index, event in gone:
        if event in records:
            found[index] = contacts_of(None, records[event].personal.get("email"))
    return found
