"""Words for roles, rights and recorded acts in the reader's language."""

from __future__ import annotations

from typing import Any

from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from liebian.access.permissions import ROLES, Permission, Role

ACTIONS: dict[str, Promise] = {
    "organisation.renamed": _("Renamed the organisation"),
    "referral.published": _("Published a referral programme"),
    "personal_data.revealed": _("Saw a personal field in clear"),
    "user.closed": _("Closed an account"),
    "user.created": _("Added a user"),
    "user.opened": _("Opened an account again"),
    "user.password_changed": _("Changed the own password"),
    "user.password_reset": _("Gave a new password"),
    "user.role_changed": _("Changed a role"),
    "user.sign_in_locked": _("Sign-in locked after wrong attempts"),
}


_FIELDS: dict[str, Promise] = {
    "address": _("address"),
    "email": _("e-mail"),
    "name": _("name"),
    "phone": _("phone"),
}


def label_of(thing: Permission | Role) -> str:
    return thing.zh if _is_chinese() else thing.en


def list_roles() -> list[tuple[str, str]]:
    """Each role's label and what it is for."""
    return [(label_of(role), role.about_zh if _is_chinese() else role.about_en) for role in ROLES.values()]


def _is_chinese() -> bool:
    return (get_language() or "").startswith("zh")


def role_label(name: str) -> str:
    return label_of(ROLES[name]) if name in ROLES else name


def action_label(action: str) -> str:
    """Plain words for the acts of this context; acts of others keep their code, which reads as words too."""
    return str(ACTIONS.get(action, action))


def details_text(action: str, details: dict[str, Any]) -> str:
    """An entry's details on one line: changes as an arrow, roles and fields in words, the rest as recorded."""
    words = dict(details)
    if action in {"user.role_changed", "user.created"}:
        words = {key: role_label(str(value)) for key, value in details.items()}
    if action == "personal_data.revealed":
        return str(_FIELDS.get(details.get("field", ""), details.get("field", "")))
    if words.keys() == {"from", "to"}:
        return f"{words['from']} → {words['to']}"
    if words.keys() == {"role"}:
        return str(words["role"])
    return " · ".join(f"{key}: {value}" for key, value in words.items())
