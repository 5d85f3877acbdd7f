"""Pages of access: the session (sign-in, language, own profile) and settings (users, roles, organisation, audit)."""

from liebian.access.views.audit import audit
from liebian.access.views.gallery import gallery
from liebian.access.views.profile import profile, profile_details, profile_password
from liebian.access.views.session import language, sign_in, sign_out
from liebian.access.views.settings import organisation, roles, settings_home
from liebian.access.views.users import user_access, user_add, user_page, user_password, user_role

__all__ = [
    "audit",
    "gallery",
    "language",
    "organisation",
    "profile",
    "profile_details",
    "profile_password",
    "roles",
    "settings_home",
    "sign_in",
    "sign_out",
    "user_access",
    "user_add",
    "user_page",
    "user_password",
    "user_role",
]
