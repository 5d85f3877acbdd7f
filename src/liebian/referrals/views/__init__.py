"""Pages of referrals: public ones on the phone, and the staff's."""

from liebian.referrals.views.inviter import inviter_page, share
from liebian.referrals.views.landing import landing, qr, welcome
from liebian.referrals.views.programme import detail
from liebian.referrals.views.staff import customer_panel, people, programme_list, status, why
from liebian.referrals.views.wizard import edit, new, publish

__all__ = [
    "customer_panel",
    "detail",
    "edit",
    "inviter_page",
    "landing",
    "new",
    "people",
    "programme_list",
    "publish",
    "qr",
    "share",
    "status",
    "welcome",
    "why",
]
