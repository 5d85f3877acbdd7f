"""Accounts with providers."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.db import transaction

from liebian.access.services import record_audit
from liebian.core import crypto
from liebian.core.errors import Conflict, Invalid, NotFound
from liebian.core.texts import mark as _
from liebian.payouts.models import Account
from liebian.payouts.queries import view_account
from liebian.payouts.rules import check_account
from liebian.payouts.services.providers import PROVIDERS, open_provider
from liebian.payouts.types import AccountDraft, AccountView

SEALED = "payouts.secrets"


def save_account(*, draft: AccountDraft, account_id: int | None, actor: int, now: datetime) -> AccountView:
    """Make an account, or change one; an empty secret keeps the stored one, and the adapter and currency stay as they were made.

    Writes Account and the audit trail, which never holds a secret. Idempotent. Raises Invalid, NotFound, Conflict "account_exists",
    Conflict "account_fixed".
    """
    with transaction.atomic():
        row = (
            Account.objects.select_for_update().filter(pk=account_id).first() if account_id else Account(created_at=now)
        )
        if row is None:
            raise NotFound("account_not_found", _("There is no payout account #%(number)s."), number=account_id)
        if row.pk and (row.adapter, row.currency) != (draft.adapter, draft.currency):
            raise Conflict("account_fixed", _("The way of paying and the currency stay; make another account instead."))
        known: Any = crypto.unseal(row.secrets, context=SEALED) if row.secrets else {}
        check_account(draft, frozenset(name for name, value in known.items() if value))
        if Account.objects.filter(name=draft.name.strip()).exclude(pk=row.pk).exists():
            raise Conflict("account_exists", _("There is an account called '%(name)s' already."), name=draft.name)
        secrets = known | {name: value for name, value in draft.secrets.items() if value}
        plain = asdict(draft) | {"name": draft.name.strip(), "settings": dict(draft.settings)}
        del plain["secrets"]
        for name, value in plain.items():
            setattr(row, name, value)
        if secrets != known or not row.secrets:
            row.secrets = crypto.seal(secrets, context=SEALED)
        row.save()
        if row.is_enabled and row.adapter in PROVIDERS and open_provider(row) is None:
            raise Invalid(
                "account_keys",
                _("With these keys nothing can be signed. Paste them whole, with their first and last lines."),
            )
        record_audit(
            actor_id=actor,
            action="payout_account.saved",
            subject=f"payout-account:{row.pk}",
            details={
                "name": row.name,
                "enabled": row.is_enabled,
                "new_secrets": sorted(k for k, v in draft.secrets.items() if v),
            },
            now=now,
        )
    return view_account(row)
