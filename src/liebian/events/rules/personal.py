"""The body of an event apart from its personal fields."""

from __future__ import annotations

from typing import Any

from liebian.core.errors import Invalid
from liebian.core.texts import mark as _

PERSONAL_TRAITS = frozenset(
    {"name", "firstName", "lastName", "phone", "email", "address", "openid", "unionid", "idCard", "avatar"}
)
PERSONAL_PROPERTIES = frozenset({"phone", "email", "address", "openid", "unionid", "idCard", "recipient"})
_CONTEXT_APART = frozenset({"traits", "ip"})
_NOTHING: dict[str, Any] = {}


def split_personal(message: dict[str, Any], kind: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """(body, personal). Nothing in the body may name somebody; what names a group names no person."""
    context = object_of(message, "context")
    traits = object_of(message, "traits")
    properties = object_of(message, "properties")
    body: dict[str, Any] = {}
    personal: dict[str, Any] = {}
    if kind == "group":
        _group(message, traits, body, personal)
        traits = _NOTHING
    if "traits" in context and (inherited := object_of(context, "traits")):
        traits = {**inherited, **traits}
    if traits and (rest := _take(traits, PERSONAL_TRAITS, personal)):
        body["traits"] = {**rest, **body["traits"]} if "traits" in body else rest
    if message.get("category") and kind in {"page", "screen"}:
        body["category"] = str(message["category"])[:200]
    if properties and (rest := _take(properties, PERSONAL_PROPERTIES, personal)):
        body["properties"] = rest
    if "ip" in context or "traits" in context:
        if context.get("ip"):
            personal["ip"] = context["ip"]
        context = {k: v for k, v in context.items() if k not in _CONTEXT_APART}
    if context:
        body["context"] = context
    return body, personal


def _take(values: dict[str, Any], names: frozenset[str], personal: dict[str, Any]) -> dict[str, Any]:
    """The values without those of `names`, which go to `personal`. The usual case, that there is none, copies nothing."""
    if names.isdisjoint(values):
        return values
    personal.update({k: v for k, v in values.items() if k in names and v is not None and v != ""})
    return {k: v for k, v in values.items() if k not in names}


def _group(message: dict[str, Any], traits: dict[str, Any], body: dict[str, Any], personal: dict[str, Any]) -> None:
    if message.get("groupId"):
        body["group_id"] = str(message["groupId"])[:200]
    named: dict[str, Any] = {}
    if rest := _take(traits, PERSONAL_TRAITS, named):
        body["traits"] = rest
    if named:
        personal["group"] = named


def object_of(parent: dict[str, Any], field: str) -> dict[str, Any]:
    value = parent.get(field)
    if not value:
        return _NOTHING
    if not isinstance(value, dict):
        raise Invalid("bad_shape", _("%(field)s must be an object."), field=field)
    return value
