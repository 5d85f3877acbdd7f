"""Labels of facts, personal fields, identifiers and the values that everybody sends the same way."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from liebian.customers.types import Fact
from liebian.ui import formats

_FIELDS: dict[str, Any] = {
    "name": pgettext_lazy("person", "Name"),
    "phone": _("Phone"),
    "email": _("E-mail"),
    "address": _("Address"),
    "gender": _("Gender"),
    "occupation": _("Occupation"),
    "city": _("City"),
    "province": _("Province"),
    "birth_month": _("Month of birth"),
    "birthday": _("Birthday"),
    "channel": _("Came through"),
    "referred_by": _("Recommended by"),
    "user_id": _("User id"),
    "openid": _("WeChat openid"),
    "unionid": _("WeChat unionid"),
    "anonymous_id": _("Device"),
    "firstName": pgettext_lazy("person", "Name"),
    "lastName": pgettext_lazy("person", "Name"),
    "avatar": _("Picture"),
    "idCard": _("Identity card"),
}
_GENDERS: dict[str, Any] = {
    "f": pgettext_lazy("gender", "Female"),
    "female": pgettext_lazy("gender", "Female"),
    "女": pgettext_lazy("gender", "Female"),
    "m": pgettext_lazy("gender", "Male"),
    "male": pgettext_lazy("gender", "Male"),
    "男": pgettext_lazy("gender", "Male"),
}


def name_field(key: str) -> str:
    """Own fields of the organisation keep the name that they were sent with."""
    return str(_FIELDS.get(key, key))


def name_gender(value: str) -> str:
    return str(_GENDERS.get(value.lower(), value))


def value_of(fact: Fact) -> str:
    if fact.key == "gender":
        return name_gender(fact.value)
    if fact.key == "birth_month" and formats.is_chinese():
        return gettext("%(month)s (month)") % {"month": fact.value}
    return fact.value
