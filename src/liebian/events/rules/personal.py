"""The body of an event apart from its personal fields."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from liebian.core.errors import Invalid
from liebian.core.texts import mark as _

PERSONAL_TRAITS = frozenset(
    {"name", "firstName", "lastName", "phone", "email", "address", "openid", "unionid", "idCard", "avatar"}
)
PERSONAL_PROPERTIES = frozenset({"phone", "email", "address", "openid", "unionid", "idCard", "recipient"})
# Fields that say whose it is at any depth. A "name" does so where its holder is a person: see `is_somebody`.
_NESTED = frozenset({"phone", "email", "address", "openid", "unionid", "idCard", "recipient"})
PERSON_NAMES = frozenset(
    {"name", "firstName", "lastName", "first_name", "last_name", "fullName", "full_name", "realName", "real_name",
     "nickname", "nickName", "nick_name"}
)  # fmt: skip
_TELLING = _NESTED | PERSON_NAMES
_BESIDE = frozenset({"phone", "email", "openid", "unionid", "idCard"})  # shops and warehouses have an address too
_PRODUCT = frozenset({"product_id", "productId", "sku"})
_PRODUCTS = frozenset({"product", "products"})
_PERSONS = frozenset(
    {"person", "people", "customer", "user", "contact", "recipient", "consignee", "receiver", "sender", "buyer", "payer",
     "payee", "owner", "friend", "invitee", "inviter", "referrer", "referee", "member", "guest", "lead", "subscriber",
     "beneficiary", "passenger", "attendee", "cardholder", "address", "shippingaddress", "billingaddress",
     "收货人", "收件人", "寄件人", "联系人", "客户", "买家", "用户", "会员", "朋友", "好友", "推荐人", "被推荐人"}
)  # fmt: skip
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[\u4e00-\u9fff]+")
_LONGEST = 60  # letters of a field's name that are looked at and remembered
_AD_NETWORK = "context.referrer"  # of the Segment specification: where a visit came from
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
        if rest is not properties and is_somebody("", properties):
            rest = _take_names(rest, personal)
        body["properties"] = rest
    if "ip" in context or "traits" in context:
        if context.get("ip"):
            personal["ip"] = context["ip"]
        context = {k: v for k, v in context.items() if k not in _CONTEXT_APART}
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
    return not _BESIDE.isdisjoint(held) and _PRODUCT.isdisjoint(held) and holder not in _PRODUCTS


def is_person(word: str) -> bool:
    """Whether a field's last word means people: `customer`, `shippingAddress`, `new_contacts`, `收货人`."""
    return _means_people(word if len(word) <= _LONGEST else word[-_LONGEST:])


@lru_cache(maxsize=2048)
def _means_people(word: str) -> bool:
    words = _WORD.findall(word)
    last = words[-1].lower() if words else ""
    return last in _PERSONS or last.removesuffix("s") in _PERSONS or last.removesuffix("es") in _PERSONS


def may_name_somebody(held: dict[str, Any], holder: str = "") -> bool:
    """Whether a body, whose outer personal fields are taken out already, may say deeper inside whose it is.

    It may say yes for nothing, never no for something. Every message is asked, so keys are looked at as sets.
    """
    if not _TELLING.isdisjoint(held) and (is_person(holder) or not _NESTED.isdisjoint(held)):
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
            if name in _NESTED or (has_name and name in PERSON_NAMES):
                taken.append({"path": here, "value": item})
            else:
                kept[name] = take_nested(item, taken, here, name)
        return kept
    if isinstance(value, list):
        return [take_nested(item, taken, f"{path}.{place}", holder) for place, item in enumerate(value)]
    return value


def _take_names(properties: dict[str, Any], personal: dict[str, Any]) -> dict[str, Any]:
    """Names beside what says whose the event is. They go where nested ones go: they need not be those of its owner."""
    if PERSON_NAMES.isdisjoint(properties):
        return properties
    kept = {}
    for name, item in properties.items():
        if name in PERSON_NAMES:
            personal.setdefault("nested", []).append({"path": f"properties.{name}", "value": item})
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


def object_of(parent: dict[str, Any], field: str) -> dict[str, Any]:
    value = parent.get(field)
    if not value:
        return _NOTHING
    if not isinstance(value, dict):
        raise Invalid("bad_shape", _("%(field)s must be an object."), field=field)
    return value
