"""Messages as pages may show them: known personal fields masked, and every text that looks like a phone or an e-mail."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from liebian.access.types import mask_field
from liebian.events.rules import (
    PERSON_NAMES,
    PERSONAL_PROPERTIES,
    PERSONAL_TRAITS,
    is_person,
    is_somebody,
    kind_of,
    leads_to_door,
    tells,
)

_PHONE = re.compile(r"(?<![0-9])(?:\+?86[ -]?)?1[3-9][0-9](?:[ -]?[0-9]{4}){2}(?![0-9])")
_EMAIL = re.compile(r"[^\s@\"'<>,;:]+@[^\s@\"'<>,;:]+\.[^\s@\"'<>,;:]+")
_IDENTITY_CARD = re.compile(r"(?<![0-9])[1-9][0-9]{16}[0-9Xx](?![0-9])")
_PERSONAL = {name.lower(): name for name in (*PERSONAL_TRAITS, *PERSONAL_PROPERTIES, "ip")}
_AT_ANY_DEPTH = frozenset(_PERSONAL) - {"name"}  # a product has a name too
_NAMES = {"firstName": "name", "lastName": "name", "recipient": "name"}
_TELLS_WHO = frozenset({"traits", "personal"})


def masked(value: Any, *, field: str = "", inside: str = "", of_person: bool = False) -> Any:
    """A copy that may be shown. `inside` is the name of the object that holds the value, `of_person` whether that is one."""
    if field == "writeKey":
        return f"{str(value)[:4]}****"
    if of_person and field in PERSON_NAMES and value not in (None, ""):
        return mask_field("name", str(value))
    if is_person(inside) and leads_to_door(field, value):
        return mask_field("address", value)
    if (kind := kind_of(field)) and field not in _PERSONAL and tells(field, value):
        return mask_field(kind, str(value))
    if isinstance(value, dict):
        who = not PERSON_NAMES.isdisjoint(value) and (field == "traits" or is_somebody(field, value))
        return {key: masked(inner, field=str(key), inside=field, of_person=who) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [masked(inner, field=field, inside=inside) for inner in value]
    known = _PERSONAL.get(field.lower())
    if known and value not in (None, "") and (field.lower() in _AT_ANY_DEPTH or inside in _TELLS_WHO):
        return mask_field(_NAMES.get(known, known), str(value))
    return mask_text(value)


def mask_text(value: Any) -> Any:
    """Numbers of phones and cards, and e-mail addresses, wherever they stand in a text."""
    if isinstance(value, int) and not isinstance(value, bool) and _PHONE.fullmatch(str(value)):
        return mask_field("phone", str(value))
    if not isinstance(value, str):
        return value
    text = _EMAIL.sub(lambda found: mask_field("email", found[0]), value)
    text = _IDENTITY_CARD.sub(lambda found: mask_field("idCard", found[0]), text)
    return _PHONE.sub(lambda found: mask_field("phone", found[0]), text)


def pretty(message: dict[str, Any]) -> str:
    """Masked, indented JSON."""
    return msgspec.json.format(msgspec.json.encode(masked(message)), indent=2).decode()
