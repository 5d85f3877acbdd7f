"""The body of an event apart from its personal fields."""

from __future__ import annotations

from typing import Any

from liebian.core.errors import Invalid
from liebian.core.texts import mark as _

PERSONAL_TRAITS = frozenset(
    {"name", "firstName", "lastName", "phone", "email", "address", "openid", "unionid", "idCard", "avatar"}
)
PERSONAL_PROPERTIES = frozenset({"phone", "email", "address", "openid", "unionid", "idCard", "recipient"})
# Names that say whose it is at any depth; a nested "name" may be that of a product, a library, a campaign.
_NESTED = frozenset({"phone", "email", "address", "openid", "unionid", "idCard", "recipient"})
_SIGNS = tuple(f'"{name}":'.encode() for name in sorted(_NESTED))
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


def may_name_somebody(encoded: bytes) -> bool:
    """Whether an encoded body, whose outer personal fields are taken out already, has one of their names deeper inside."""
    return any(sign in encoded for sign in _SIGNS)


def take_nested(value: Any, taken: list[dict[str, Any]], path: str = "") -> Any:
    """The value without the personal fields in its depth, which go to `taken` with the path at which they stood."""
    if isinstance(value, dict):
        kept = {}
        for name, item in value.items():
            here = f"{path}.{name}" if path else name
            if name in _NESTED:
                taken.append({"path": here, "value": item})
            else:
                kept[name] = take_nested(item, taken, here)
        return kept
    if isinstance(value, list):
        return [take_nested(item, taken, f"{path}.{place}") for place, item in enumerate(value)]
    return value


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
