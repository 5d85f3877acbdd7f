"""Writes the one organisation row."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import Q

from liebian.access.models import Organisation
from liebian.access.queries import get_organisation
from liebian.access.services.audit import record_audit
from liebian.access.types import OrganisationInfo
from liebian.core.errors import Conflict, Invalid
from liebian.core.money import is_currency_code
from liebian.core.texts import mark as _


def ensure_organisation(*, name: str) -> OrganisationInfo:
    """Give the organisation its first name. Idempotent: a name that is there stays."""
    with transaction.atomic():
        Organisation.objects.get_or_create(pk=1, defaults={"name": _clean_name(name)})
        Organisation.objects.filter(pk=1, name="").update(name=_clean_name(name))
    return get_organisation()


def rename_organisation(*, name: str, actor_id: int | None, now: datetime) -> OrganisationInfo:
    """Change the name. Writes an audit entry when it differs. Raises Invalid "name_missing", "name_too_long"."""
    new = _clean_name(name)
    with transaction.atomic():
        row, _created = Organisation.objects.get_or_create(pk=1, defaults={"name": ""})
        old = row.name
        if old != new:
            Organisation.objects.filter(pk=1).update(name=new)
            details = {"from": old, "to": new}
            record_audit(
                actor_id=actor_id, action="organisation.renamed", subject="organisation", details=details, now=now
            )
    return get_organisation()


def set_currency(*, currency: str) -> OrganisationInfo:
    """Fix the currency that all money here is in.

    Writes it once; idempotent by value. Raises Conflict "currency_fixed" when another one is set already, Invalid
    "bad_currency" for anything but three capital letters.
    """
    if not is_currency_code(currency):
        raise Invalid(
            "bad_currency",
            _("“%(currency)s” is not a currency code. Use three capital letters, such as CNY."),
            currency=currency[:20],
        )
    with transaction.atomic():
        Organisation.objects.get_or_create(pk=1, defaults={"name": ""})
        free = Organisation.objects.filter(Q(currency=None) | Q(currency=currency), pk=1)
        fixed = free.update(currency=currency) == 1
    organisation = get_organisation()
    if not fixed:
        raise Conflict(
            "currency_fixed",
            _("This organisation counts in %(own)s; %(other)s cannot be added to it. Nothing was changed."),
            own=organisation.currency,
            other=currency,
        )
    return organisation


def _clean_name(name: str) -> str:
    text = " ".join(name.replace("\x00", "").split())
    if not text:
        raise Invalid("name_missing", _("The organisation needs a name."), field="name")
    if len(text) > 100:
        raise Invalid("name_too_long", _("A name has at most 100 characters. Shorten it."), field="name")
    return text
