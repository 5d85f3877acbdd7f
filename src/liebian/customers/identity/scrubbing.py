"""What stays of an event of somebody who was erased: what was done, when, for how much; of who did it only keyed hashes.

The hashes are those by which the stage finds people, so a replay of the log finds the same people without a name in it.
Does not own where events lie (`events`, the lake).
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote_plus

from liebian.core import crypto
from liebian.core.erased import is_erased
from liebian.core.redaction import Words
from liebian.customers.rules import normal_email, normal_phone
from liebian.customers.types import ANONYMOUS_KIND, mailbox_of
from liebian.events.types import INTERNAL_SOURCE, Content

_PAYER = "order.identifier"  # as `orders` index who paid, or the device
_LONGEST_PAYER = 200
_NORMAL = {"phone": normal_phone, "email": normal_email}
_FOUND_BY = ("unionid", "openid", "phone", "email")
_KEPT = ("properties", "category", "customer_id", "group_id")


def mark(kind: str, value: str) -> str:
    """What stays of a normal value; of what is a mark already, the same."""
    if is_erased(value):
        return value
    return crypto.erased({kind: value, "mailbox": mailbox_of(value)} if kind == "email" else {kind: value})


def _mark_previous(value: str) -> str:
    return value if is_erased(value) else crypto.erased({ANONYMOUS_KIND: value, "user_id": value})


def scrub_own(content: Content) -> Content:
    """An event of the person. Doing it again changes nothing."""
    if content.source == INTERNAL_SOURCE:
        return content
    return content._replace(
        user_id=_erased("user_id", content.user_id),
        anonymous_id=_erased(ANONYMOUS_KIND, content.anonymous_id),
        body=_scrub_body(content),
        personal=_hashes(content.personal, _FOUND_BY),
        corrections=None,
    )


def scrub_mentions(content: Content, indexes: frozenset[bytes]) -> Content:
    """An event of somebody else that names the person: only the hashes that are the person's are put in."""
    marks = _hashes(content.personal, _FOUND_BY)
    theirs = {kind: kept for kind, kept in marks.items() if crypto.index_of(kind, kept) in indexes}
    personal = {**content.personal, **theirs}
    traits = dict(content.body.get("traits") or {})
    named = traits.get("referred_by")
    if named and crypto.index_of("user_id", str(named)) in indexes:
        traits["referred_by"] = mark("user_id", str(named))
    body = {**content.body, "traits": traits} if traits else content.body
    return content._replace(body=body, personal=personal)


def names(message: Mapping[str, Any], indexes: frozenset[bytes]) -> bool:
    """Whether a message as it was sent, which need not be one that can be read, carries something that found the person."""
    said: dict[str, Any] = {}
    for holder in (message.get("properties"), message.get("traits"), (_object(message.get("context"))).get("traits")):
        said.update(_object(holder))
    found = [(kind, _normal(kind, said.get(kind))) for kind in _FOUND_BY]
    found.append(("user_id", str(message.get("userId") or "")[:200]))
    return any(value and crypto.index_of(kind, value) in indexes for kind, value in found)


def speaks_of(said: Any, indexes: frozenset[bytes], words: Words) -> bool:
    """Whether anything in what was sent names the person, however deep and however it is written: escaped for an address or in base64."""
    if isinstance(said, dict):
        return names(said, indexes) or any(speaks_of(part, indexes, words) for pair in said.items() for part in pair)
    if isinstance(said, list):
        return any(speaks_of(part, indexes, words) for part in said)
    if isinstance(said, str):
        return any(words.names(text) for text in (said, unquote_plus(said), _from_base64(said)))
    return isinstance(said, int) and words.names(str(said))


def _from_base64(text: str) -> str:
    try:
        padded = text.strip().translate({45: 43, 95: 47}) + "=" * (-len(text.strip()) % 4)
        return base64.b64decode(padded, validate=True).decode()
    except ValueError:
        return ""


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _hashes(personal: Mapping[str, Any], kinds: tuple[str, ...]) -> dict[str, Any]:
    found = {}
    for kind in kinds:
        value = personal.get(kind)
        normal = _normal(kind, value)
        if normal:
            found[kind] = mark(kind, normal)
    return found


def _normal(kind: str, value: Any) -> str | None:
    """As identity compares it."""
    if value in (None, ""):
        return None
    if kind in _NORMAL and not is_erased(value):
        return _NORMAL[kind](value)
    return str(value).strip()[:200] or None


def _scrub_body(content: Content) -> dict[str, Any]:
    body = content.body
    kept = {name: body[name] for name in _KEPT if name in body}
    if referred_by := (body.get("traits") or {}).get("referred_by"):
        kept["traits"] = {"referred_by": referred_by}
    previous = str(body.get("previous_id") or "").strip()[:200]
    if previous and previous not in (content.user_id, content.anonymous_id):
        kept["previous_id"] = _mark_previous(previous)
    if payer := (body.get("properties") or {}).get("payer_id"):
        kept["properties"] = {**body["properties"], "payer_id": _payer("payer", payer)}
    if context := _scrub_context(body.get("context")):
        kept["context"] = context
    return kept


def _scrub_context(context: Any) -> dict[str, Any]:
    """Where somebody came from stays, and whether two orders came from one device."""
    if not isinstance(context, dict):
        return {}
    kept = {"campaign": context["campaign"]} if context.get("campaign") else {}
    device = context.get("device")
    if isinstance(device, dict) and device.get("id"):
        kept["device"] = {"id": _payer("device", device["id"])}
    return kept


def _payer(kind: str, value: Any) -> str:
    if isinstance(value, str) and is_erased(value):
        return value
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    plain = " ".join(str(value).replace("\x00", "").split())[:_LONGEST_PAYER]
    return crypto.erased({_PAYER: f"{kind}:{plain}"})


def _erased(kind: str, value: str | None) -> str | None:
    return mark(kind, value) if value else value
