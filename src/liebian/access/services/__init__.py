"""Writes of access. One module per noun; this is the front door."""

from liebian.access.services.audit import log_reveal, record_audit
from liebian.access.services.organisation import ensure_organisation, rename_organisation, set_currency
from liebian.access.services.sign_in import sign_in
from liebian.access.services.users import (
    change_own_password,
    change_profile,
    change_role,
    create_user,
    ensure_first_admin,
    random_password,
    reset_password,
    set_active,
    set_language,
)

__all__ = [
    "change_own_password",
    "change_profile",
    "change_role",
    "create_user",
    "ensure_first_admin",
    "ensure_organisation",
    "log_reveal",
    "random_password",
    "record_audit",
    "rename_organisation",
    "reset_password",
    "set_active",
    "set_currency",
    "set_language",
    "sign_in",
]
