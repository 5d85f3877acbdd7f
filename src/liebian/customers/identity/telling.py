"""What an identify event tells about a person: told personal fields are sealed, known traits have columns, the rest is kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from liebian.core import crypto
from liebian.core.erased import is_erased
from liebian.customers.identity.person import Person
from liebian.customers.rules import normal_email, normal_phone

_COLUMN_TRAITS = {"channel": 60, "city": 80, "province": 80, "gender": 20, "occupation": 80}


def learn(person: Person, personal: dict[str, Any], traits: dict[str, Any]) -> None:
    """`traits` is the caller's copy and is used up. The last telling stands."""
    if personal:
        _learn_personal(person, personal)
    for column, width in _COLUMN_TRAITS.items():
        if value := traits.pop(column, None):
            setattr(person, column, str(value)[:width])
    person.birth_month = _birth_month(traits.pop("birthday", None)) or person.birth_month
    if traits:
        person.attributes = {**person.told(), **traits}


def _learn_personal(person: Person, personal: dict[str, Any]) -> None:
    if name := str(personal.get("name") or "").strip()[:100]:
        person.name = crypto.seal(name, context="customer.name")
        person.name_index = crypto.index_of("name", name.lower())
    if personal.get("phone") and (phone := _normal(normal_phone, personal["phone"])):
        person.phone = crypto.seal(phone, context="customer.phone")
    if personal.get("email") and (email := _normal(normal_email, personal["email"])):
        person.email = crypto.seal(email, context="customer.email")
    if personal.get("address"):
        person.address = crypto.seal(personal["address"], context="customer.address")


def _normal(read: Callable[[object], str | None], said: object) -> str | None:
    """As it is compared. The mark of what was erased stays: it is compared, too, and shown to nobody."""
    return str(said) if is_erased(said) else read(said)


def _birth_month(value: Any) -> int | None:
    text = str(value or "")
    month = text[5:7] if len(text) >= 7 and text[4] == "-" else ""
    return int(month) if month.isdigit() and 1 <= int(month) <= 12 else None
