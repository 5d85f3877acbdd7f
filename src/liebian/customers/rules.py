"""Who is who: normal forms of identifiers, and the decision which person an event belongs to. Plain Python."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import phonenumbers

from liebian.access.types import mask_email, mask_field, mask_phone
from liebian.core.erased import is_erased
from liebian.customers.types import ANONYMOUS_KIND, IDENTIFYING_KINDS

DEFAULT_REGION = "CN"
PREVIOUS_ANONYMOUS, PREVIOUS_USER = "previous_anonymous_id", "previous_user_id"
_PREVIOUS = frozenset({PREVIOUS_ANONYMOUS, PREVIOUS_USER})


def normal_phone(raw: object) -> str | None:
    """E.164, or None when it is not a possible number.

    >>> normal_phone("138 0013 8000"), normal_phone("+44 20 7946 0958"), normal_phone("12")
    ('+8613800138000', '+442079460958', None)
    """
    try:
        number = phonenumbers.parse(str(raw), DEFAULT_REGION)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def spoken_phone(number: str) -> str:
    """A stored number as people here say it: without the country when it is their own.

    >>> spoken_phone("+8613800138000"), spoken_phone("+442079460958")
    ('13800138000', '+442079460958')
    """
    own = f"+{phonenumbers.country_code_for_region(DEFAULT_REGION)}"
    return number.removeprefix(own)


def masked(field: str, value: str) -> str:
    """The mask of a stored personal field.

    >>> masked("phone", "+8613812346021"), masked("name", "林晚秋")
    ('138****6021', '林*秋')
    """
    return mask_field(field, spoken_phone(value) if field == "phone" else value)


def normal_email(raw: object) -> str | None:
    """Lower case, trimmed; None when it cannot be an address.

    >>> normal_email(" Lin@Example.COM "), normal_email("lin")
    ('lin@example.com', None)
    """
    text = str(raw).strip().lower()
    local, at, domain = text.rpartition("@")
    return text if at and local and "." in domain and " " not in text and len(text) <= 254 else None


def identifiers_of(user_id: str | None, anonymous_id: str | None, personal: Mapping[str, Any]) -> list[tuple[str, str]]:
    """(kind, normal value) of everything in an event that says who it is, strongest first."""
    found = {
        "user_id": user_id,
        "unionid": _text(personal.get("unionid")),
        "openid": _text(personal.get("openid")),
        "phone": _normal(normal_phone, personal.get("phone")),
        "email": _normal(normal_email, personal.get("email")),
        ANONYMOUS_KIND: anonymous_id,
    }
    return [(kind, value) for kind in (*IDENTIFYING_KINDS, ANONYMOUS_KIND) if (value := found[kind])]


def _normal(read: Callable[[object], str | None], said: object) -> str | None:
    return str(said) if is_erased(said) else read(said) if said else None


def previous_of(user_id: str | None, anonymous_id: str | None, previous_id: object) -> list[tuple[str, str]]:
    """What an alias call says the person was called before: an anonymous id, or a user id of an older system.

    >>> previous_of("u1", None, "a9"), previous_of("u1", "a9", "a9")
    ([('previous_anonymous_id', 'a9'), ('previous_user_id', 'a9')], [])
    """
    previous = _text(previous_id)
    if previous is None or previous in (user_id, anonymous_id):
        return []
    return [(PREVIOUS_ANONYMOUS, previous), (PREVIOUS_USER, previous)]


def stored_kind(kind: str) -> str:
    """The kind under which an identifier of an event is kept.

    >>> stored_kind("previous_user_id"), stored_kind("phone")
    ('user_id', 'phone')
    """
    return kind.removeprefix("previous_")


@dataclass(frozen=True, slots=True)
class Owner:
    """What the decision needs to know of a person who already owns an identifier of the event."""

    customer_id: int
    is_known: bool
    user_id: str | None


@dataclass(frozen=True, slots=True)
class Decision:
    """`customer_id` None means: a new person. `link` are identifiers to give them, `merge` the anonymous people who
    turn out to be them, `conflicts` identifiers that stay with another identified person."""

    customer_id: int | None
    link: tuple[str, ...]
    merge: tuple[int, ...]
    conflicts: tuple[tuple[str, int], ...]


def decide(identifiers: Sequence[tuple[str, str]], owners: Mapping[str, Owner]) -> Decision:
    """`owners` maps an identifier's kind to the person who owns that identifier now.

    Two identified people are never merged; an anonymous visitor joins the person as whom they identify themselves. What an
    alias calls the previous id is kept as an anonymous id when nobody owns it.
    """
    carried_user = next((value for kind, value in identifiers if kind == "user_id"), None)
    identifies = any(kind != ANONYMOUS_KIND and kind not in _PREVIOUS for kind, _ in identifiers)
    target: Owner | None = None
    for kind, _ in identifiers:
        owner = owners.get(kind)
        if owner is None or _is_another_user(owner, carried_user):
            continue
        if kind == ANONYMOUS_KIND and owner.is_known and identifies:
            continue  # a device in other hands
        target = owner
        break
    link, merge, conflicts = [], [], []
    for kind, _ in identifiers:
        owner = owners.get(kind)
        if owner is None:
            if kind != PREVIOUS_USER and not (kind == PREVIOUS_ANONYMOUS and PREVIOUS_USER in owners):
                link.append(kind)
        elif target is None or owner.customer_id != target.customer_id:
            if not owner.is_known and (identifies or kind in _PREVIOUS):
                merge.append(owner.customer_id)
            elif kind != ANONYMOUS_KIND:
                conflicts.append((kind, owner.customer_id))
    return Decision(
        customer_id=target.customer_id if target else None,
        link=tuple(link), merge=tuple(dict.fromkeys(merge)), conflicts=tuple(conflicts),
    )  # fmt: skip


def _is_another_user(owner: Owner, carried_user: str | None) -> bool:
    return carried_user is not None and owner.user_id is not None and owner.user_id != carried_user


def _text(value: object) -> str | None:
    text = str(value).strip() if value not in (None, "") else ""
    return text[:200] or None


_NUMBER = re.compile(r"[cC]-?0*(\d{1,18})")


@dataclass(frozen=True, slots=True)
class Search:
    """What a typed text may be. `values` are (kind, normal value) of identifiers; everything is matched whole."""

    text: str
    number: int | None = None
    ending: str | None = None
    name: str | None = None
    values: tuple[tuple[str, str], ...] = ()


def parse_search(text: str) -> Search | None:
    """Every exact reading of the text: customer number, phone or its last four digits, e-mail, user id, whole name.

    >>> parse_search("C-000123").number, parse_search("6021").ending, parse_search("  ") is None
    (123, '6021', True)
    >>> parse_search("138 0013 8000").values
    (('phone', '+8613800138000'), ('user_id', '138 0013 8000'))
    """
    text = " ".join(text.split())[:200]
    if not text:
        return None
    found = _NUMBER.fullmatch(text)
    is_ending = text.isascii() and text.isdigit() and len(text) == 4
    email, phone = normal_email(text), normal_phone(text)
    values = [("phone", phone), ("email", email), ("user_id", text)]
    return Search(
        text=text,
        number=int(found.group(1)) if found else None,
        ending=text if is_ending else None,
        name=None if email or is_ending else text.lower(),
        values=tuple((kind, value) for kind, value in values if value),
    )


_NUMBERISH = re.compile(r"(?:[+(]? ?\d[\s().-]*){10,20}")
_EMAIL_INSIDE = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_PHONE_INSIDE = re.compile(r"(?<![0-9A-Za-z_-])(?:1[3-9]\d{9}|\+\d{8,15})(?![0-9A-Za-z_])")


def covered_text(value: Any) -> str:
    """A value from an event as it may be shown: what looks like a phone number or an e-mail address is masked, also inside a
    sentence.

    >>> covered_text("13800138000"), covered_text("lin@example.com"), covered_text(["绿茶", "礼盒"]), covered_text("O-2026-7781")
    ('138****8000', 'l***@example.com', '绿茶, 礼盒', 'O-2026-7781')
    """
    if value is None or isinstance(value, dict):
        return ""
    if isinstance(value, list):
        return ", ".join(filter(None, (covered_text(item) for item in value[:10])))
    text = str(value).strip()[:200]
    if _NUMBERISH.fullmatch(text) and normal_phone(text):
        return mask_phone(text)
    text = _EMAIL_INSIDE.sub(lambda found: mask_email(found.group()), text)
    return _PHONE_INSIDE.sub(lambda found: mask_phone(found.group()), text)
