"""Words that belong to the shell of every page but are written elsewhere as data: translated here, once."""

from django.utils.translation import gettext_noop as _

NAVIGATION = [
    _("Home"),
    _("Customers"),
    _("Tiers"),
    _("Segments"),
    _("Referral"),
    _("Ledger"),
    _("Data in"),
    _("Settings"),
]
