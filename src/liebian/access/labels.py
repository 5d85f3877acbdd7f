"""Words for roles, rights and recorded acts in the reader's language."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from liebian.access.permissions import ROLES, Permission, Role

ACTIONS: dict[str, Promise] = {
    "organisation.renamed": _("Renamed the organisation"),
    "personal_data.revealed": _("Saw a personal field in clear"),
    "user.closed": _("Closed an account"),
    "user.created": _("Added a user"),
    "user.opened": _("Opened an account again"),
    "user.password_changed": _("Changed the own password"),
    "user.password_reset": _("Gave a new password"),
    "user.role_changed": _("Changed a role"),
    "user.sign_in_locked": _("Sign-in locked after wrong attempts"),
}


def label_of(thing: Permission | Role) -> str:
    return thing.zh if (get_language() or "").startswith("zh") else thing.en


def role_label(name: str) -> str:
    return label_of(ROLES[name]) if name in ROLES else name


def action_label(action: str) -> str:
    """Plain words for the acts of this context; acts of others keep their code, which reads as words too."""
    return str(ACTIONS.get(action, action))
