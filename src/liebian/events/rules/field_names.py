"""What the name of a field says of people: that it holds somebody, or somebody's phone, e-mail, address or name.

Owns the vocabulary, in English and Chinese. Does not own what is done with such a field: see `personal`.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

ALWAYS = frozenset({"phone", "email", "address", "openid", "unionid", "idCard", "recipient"})
PERSON_NAMES = frozenset(
    {"name", "firstName", "lastName", "first_name", "last_name", "fullName", "full_name", "realName", "real_name",
     "nickname", "nickName", "nick_name"}
)  # fmt: skip
_PERSONS = frozenset(
    {"person", "people", "customer", "user", "contact", "recipient", "consignee", "receiver", "sender", "buyer", "payer",
     "payee", "owner", "friend", "invitee", "inviter", "referrer", "referee", "member", "guest", "lead", "subscriber",
     "beneficiary", "passenger", "attendee", "cardholder", "address", "shippingaddress", "billingaddress",
     "收货人", "收件人", "寄件人", "联系人", "客户", "买家", "用户", "会员", "朋友", "好友", "推荐人", "被推荐人"}
)  # fmt: skip
# Words for people that stand for a name where they hold a text; an owner or a member may be a number or a word.
_NAMED = frozenset(
    {"consignee", "receiver", "addressee", "recipient", "收货人", "收件人", "寄件人", "联系人", "姓名", "真实姓名", "username"}
)  # fmt: skip
_PHONES = frozenset(
    {"phone", "mobile", "tel", "telephone", "cellphone", "phonenumber", "mobilenumber", "telnumber", "phoneno", "mobileno",
     "telno", "手机", "手机号", "手机号码", "电话", "电话号码"}
)  # fmt: skip
_EMAILS = frozenset({"email", "mail", "emailaddress", "mailaddress", "邮箱", "电子邮箱", "电子邮件"})
_HOMES = frozenset({"shipping", "billing", "delivery", "home", "mailing", "postal", "street"})
_ADDRESSES = frozenset(
    {"address", "addressline", "shippingaddress", "billingaddress", "streetaddress", "收货地址", "收件地址", "寄件地址",
     "家庭地址", "详细地址", "地址"}
)  # fmt: skip
_TO_THE_DOOR = frozenset(
    {"street", "street1", "street2", "line1", "line2", "line3", "detail", "details", "detailInfo", "detail_info", "house",
     "houseNumber", "house_number", "door", "apartment", "postalCode", "postal_code", "街道"}
)  # fmt: skip
OF_A_PERSON = PERSON_NAMES | _TO_THE_DOOR  # these tell something where their holder is a person, or a person's address
_PARTS_OF_NAMES = frozenset({"first", "last", "full", "real", "nick", "given", "family"})
_CHINESE_ENDS = ("姓名", "手机号码", "手机号", "手机", "电话号码", "电话", "邮箱", "地址")
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[\u4e00-\u9fff]+")
_LONGEST = 60  # letters of a field's name that are looked at and remembered
_MOST = 10_000
_ordinary: set[str] = set()
are_ordinary = _ordinary.issuperset  # whether all these names are known to tell nothing


def any_tells(held: dict[str, Any]) -> bool:
    """Whether any of these fields tells whose it is. Names that tell nothing are remembered: `are_ordinary` answers for nearly
    every object of every message."""
    for name, item in held.items():
        if name in _ordinary or item is False:  # browsers say `mobile: false` with every event
            continue
        if tells(name, item):
            return True
        if len(_ordinary) < _MOST and len(name) <= _LONGEST and not kind_of(name):
            _ordinary.add(name)
    return False


def tells(field: str, value: Any) -> bool:
    """Whether this field says whose something is, whatever holds it.

    >>> [tells(*pair) for pair in (("receiver", "王芳"), ("contactMobile", 13800138000), ("收货地址", "文三路 1 号"))]
    [True, True, True]
    >>> [tells(*pair) for pair in (("mobile", True), ("owner", "team 4"), ("ip_address", "10.0.0.1"), ("store_name", "湖滨店"))]
    [False, False, False, False]
    """
    if field in ALWAYS:
        return True
    match kind_of(field):
        case "phone":
            return type(value) in (str, int) and sum(map(str.isdigit, str(value))) >= 5
        case "email":
            return isinstance(value, str) and "@" in value
        case "address":
            return isinstance(value, str) and bool(value.strip())
        case "name":
            if isinstance(value, dict | list):
                return bool(value) and not is_person(field)
            return isinstance(value, str) and bool(value.strip())
        case _:
            return False


def kind_of(field: str) -> str:
    """What a field of this name would hold of somebody: phone, email, address, name; "" for nothing."""
    return _kind_of(field if len(field) <= _LONGEST else field[-_LONGEST:])


@lru_cache(maxsize=4096)
def _kind_of(field: str) -> str:
    words = _words(field)
    last, two = "".join(words[-1:]), "".join(words[-2:])
    if last in _PHONES or two in _PHONES:
        return "phone"
    if last in _EMAILS or two in _EMAILS:
        return "email"
    whose = _without_ends(words)
    if last in _ADDRESSES or two in _ADDRESSES:
        is_theirs = not whose or whose[-1] in _HOMES or _is_one(whose[-1])
        return "address" if is_theirs else ""
    if last in _NAMED:
        return "name"
    return "name" if last in {"name", "姓名"} and whose and _is_one(whose[-1]) else ""


def _words(field: str) -> list[str]:
    words = [word.lower() for word in _WORD.findall(field)]
    if words and words[-1] not in _PHONES | _EMAILS | _ADDRESSES | _NAMED:
        for end in _CHINESE_ENDS:
            if words[-1].endswith(end):
                return [*words[:-1], words[-1].removesuffix(end), end]
    return words


def _without_ends(words: list[str]) -> list[str]:
    """The words before those that say what it is: `receiver` of `receiver_first_name`."""
    if "".join(words[-2:]) in {"addressline", "streetaddress", "emailaddress"}:
        return words[:-2]
    rest = words[:-1]
    return rest[:-1] if rest and rest[-1] in _PARTS_OF_NAMES else rest


def is_person(field: str) -> bool:
    """Whether a field's last word means people: `customer`, `shippingAddress`, `new_contacts`, `收货人`."""
    return _means_people(field if len(field) <= _LONGEST else field[-_LONGEST:])


@lru_cache(maxsize=2048)
def _means_people(field: str) -> bool:
    words = _WORD.findall(field)
    return bool(words) and _is_one(words[-1].lower())


def _is_one(word: str) -> bool:
    return word in _PERSONS or word.removesuffix("s") in _PERSONS or word.removesuffix("es") in _PERSONS


def leads_to_door(field: str, value: Any) -> bool:
    """Whether a text of this name, held by a person or their address, says where they live; a city does not.

    >>> [leads_to_door(field, "文三路 1 号") for field in ("street", "detailInfo", "line2", "city", "country_code")]
    [True, True, True, False, False]
    """
    return field in _TO_THE_DOOR and isinstance(value, str)
