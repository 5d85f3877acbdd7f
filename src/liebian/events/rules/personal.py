"""The body of an event apart from its personal fields."""

from __future__ import annotations

from typing import Any

from liebian.core.errors import Invalid
from liebian.core.texts import mark as _
from liebian.events.rules.addresses import plain_page
from liebian.events.rules.field_names import (
    ALWAYS,
    OF_A_PERSON,
    PERSON_NAMES,
    any_tells,
    are_ordinary,
    is_person,
    kind_of,
    leads_to_door,
    tells,
)

PERSONAL_TRAITS = frozenset(
    {"name", "firstName", "lastName", "phone", "email", "address", "openid", "unionid", "idCard", "avatar"}
)
PERSONAL_PROPERTIES = ALWAYS
_BESIDE = frozenset({"phone", "email", "openid", "unionid", "idCard"})  # shops and warehouses have an address too
_PRODUCT = frozenset({"product_id", "productId", "sku"})
_PRODUCTS = frozenset({"product", "products"})
_AD_NETWORK = "context.referrer"  # of the Segment specification: where a visit came from
_CONTEXT_APART = frozenset({"traits", "ip"})
_NOTHING: dict[str, Any] = {}
_WITH_PROPERTIES = frozenset({"track", "page", "screen"})
APART = "apart"  # names of sealed fields that the message told as the person's traits, not as properties


def split_personal(message: dict[str, Any], kind: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """(body, personal). Nothing in the body may name somebody; what names a group names no person.

    `context.traits` are the person's on every call: of identify they are what it tells, elsewhere they stay where they were sent, without
    who recommended the person, which identify alone tells.
    """
    context = object_of(message, "context")
    traits = object_of(message, "traits")
    properties = object_of(message, "properties")
    if properties and kind in {"page", "screen"}:
        properties = plain_page(properties)
    body: dict[str, Any] = {}
    personal: dict[str, Any] = {}
    if kind == "group":
        _group(message, traits, body, personal)
        traits = _NOTHING
    beside = object_of(context, "traits") if "traits" in context else _NOTHING
    if beside and kind == "identify":
        traits, beside = {**beside, **traits}, _NOTHING
    if beside:
        beside = {name: value for name, value in beside.items() if name != "referred_by"}
        beside = _take_names(_take(beside, PERSONAL_TRAITS, personal), personal, "context.traits")
    if traits and (rest := _take_names(_take(traits, PERSONAL_TRAITS, personal), personal, "traits")):
        body["traits"] = rest
    if personal and kind in _WITH_PROPERTIES:
        _set_apart(personal, properties)
    if message.get("category") and kind in {"page", "screen"}:
        body["category"] = str(message["category"])[:200]
    if properties and (rest := _take(properties, PERSONAL_PROPERTIES, personal)):
        if rest is not properties and is_somebody("", properties):
            rest = _take_names(rest, personal, "properties")
        body["properties"] = rest
    if "page" in context:
        context = {**context, "page": plain_page(context["page"])}
    if "ip" in context or "traits" in context:
        if context.get("ip"):
            personal["ip"] = context["ip"]
        context = {k: v for k, v in context.items() if k not in _CONTEXT_APART}
        if beside:
            context["traits"] = beside
    if context:
        body["context"] = context
    return body, personal


def is_somebody(holder: str, held: dict[str, Any]) -> bool:
    """Whether a name in `held` is a person's: it stands under the word for one, or beside a phone, an e-mail or the like.
    The name of a product stays one, whatever else is said with it.

    >>> is_somebody("giftReceiver", {"name": "王芳"}), is_somebody("shipping", {"name": "王芳", "phone": "138"})
    (True, True)
    >>> is_somebody("campaign", {"name": "spring"}), is_somebody("", {"name": "Tea", "sku": "T1", "email": "a@b.cn"})
    (False, False)
    """
    if is_person(holder):
        return True
    if holder in _PRODUCTS or not _PRODUCT.isdisjoint(held) or not any_tells(held):
        return False
    return any(name in _BESIDE or (kind_of(name) in {"phone", "email"} and tells(name, held[name])) for name in held)


def may_name_somebody(held: dict[str, Any], holder: str = "") -> bool:
    """Whether a body, whose outer personal fields are taken out already, may say deeper inside whose it is.

    It may say yes for nothing, never no for something. Every message is asked, so keys are looked at as sets.
    """
    if (not are_ordinary(held) and any_tells(held)) or (not OF_A_PERSON.isdisjoint(held) and is_person(holder)):
        return True
    for name, item in held.items():
        kind = type(item)
        if kind is dict:
            if may_name_somebody(item, name):
                return True
        elif kind is list and _any_names_somebody(item, name):
            return True
    return False


def _any_names_somebody(items: list[Any], holder: str) -> bool:
    """The same of a list. One loop for both takes a third longer."""
    for item in items:
        kind = type(item)
        if kind is dict:
            if may_name_somebody(item, holder):
                return True
        elif kind is list and _any_names_somebody(item, holder):
            return True
    return False


def take_nested(value: Any, taken: list[dict[str, Any]], path: str = "", holder: str = "") -> Any:
    """The value without the personal fields in its depth, which go to `taken` with the path at which they stood."""
    if isinstance(value, dict):
        has_name = not PERSON_NAMES.isdisjoint(value) and path != _AD_NETWORK and is_somebody(holder, value)
        kept = {}
        for name, item in value.items():
            here = f"{path}.{name}" if path else name
            is_theirs = (has_name and name in PERSON_NAMES) or (is_person(holder) and leads_to_door(name, item))
            if is_theirs or tells(name, item):
                taken.append({"path": here, "value": item})
            else:
                kept[name] = take_nested(item, taken, here, name)
        return kept
    if isinstance(value, list):
        return [take_nested(item, taken, f"{path}.{place}", holder) for place, item in enumerate(value)]
    return value


def _take_names(values: dict[str, Any], personal: dict[str, Any], path: str) -> dict[str, Any]:
    """The values without names of people. They go where nested ones go: they need not be those of the event's owner."""
    if PERSON_NAMES.isdisjoint(values):
        return values
    kept = {}
    for name, item in values.items():
        if name in PERSON_NAMES:
            personal.setdefault("nested", []).append({"path": f"{path}.{name}", "value": item})
        else:
            kept[name] = item
    return kept


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


def _set_apart(personal: dict[str, Any], properties: dict[str, Any]) -> None:
    """Note which of the sealed fields so far are no properties."""
    if apart := [name for name in personal if name in PERSONAL_PROPERTIES and properties.get(name) in (None, "")]:
        personal[APART] = apart


def object_of(parent: dict[str, Any], field: str) -> dict[str, Any]:
    value = parent.get(field)
    if not value:
        return _NOTHING
    if not isinstance(value, dict):
        raise Invalid("bad_shape", _("%(field)s must be an object."), field=field)
    return value


def join_personal(holder: str, kind: str, body: dict[str, Any], personal: dict[str, Any]) -> dict[str, Any]:
    """What `holder` of a message said.

    >>> sent = {"properties": {"phone": "138", "to": {"n": 1}}, "context": {"ip": "::1", "traits": {"email": "a@b.cn"}}}
    >>> join_personal("properties", "track", *split_personal(sent, "track"))
    {'to': {'n': 1}, 'phone': '138'}
    """
    told: dict[str, Any] = _copied(body.get(holder) or {})
    if kind == "group":
        told.update(personal.get("group") or {})
    else:
        known = (PERSONAL_TRAITS if holder == "traits" else PERSONAL_PROPERTIES).difference(personal.get(APART) or ())
        told.update({name: value for name, value in personal.items() if name in known})
    for one in personal.get("nested") or []:
        within, _dot, path = str(one["path"]).partition(".")
        if within == holder:
            _put_back(told, path.split("."), one["value"])
    return told


def _put_back(told: dict[str, Any], path: list[str], value: Any) -> None:
    """What was taken from a list stays out: a list is looked at as a whole."""
    *above, name = path
    level: Any = told
    for step in above:
        level = level.setdefault(step, {}) if isinstance(level, dict) else None
    if isinstance(level, dict):
        level[name] = value


def _copied(value: Any) -> Any:
    return {name: _copied(item) for name, item in value.items()} if isinstance(value, dict) else value
