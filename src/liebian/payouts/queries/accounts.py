"""Accounts without their secrets, payees without their numbers."""

from __future__ import annotations

from typing import Any

from liebian.core import crypto
from liebian.core.errors import NotFound
from liebian.core.texts import mark as _
from liebian.payouts.models import Account, Payee
from liebian.payouts.types import AccountView


def list_accounts() -> list[AccountView]:
    return [view_account(row) for row in Account.objects.order_by("name")]


def get_account(account_id: int) -> AccountView:
    """Raises NotFound "account_not_found"."""
    row = Account.objects.filter(pk=account_id).first()
    if row is None:
        raise NotFound("account_not_found", _("There is no payout account #%(number)s."), number=account_id)
    return view_account(row)


def get_payee_hints(customer_id: int) -> dict[str, str]:
    """By way of paying: enough to recognise where the person's money goes."""
    return dict(Payee.objects.filter(customer_id=customer_id).values_list("adapter", "hint"))


def view_account(row: Account) -> AccountView:
    secrets: Any = crypto.unseal(row.secrets, context="payouts.secrets") if row.secrets else {}
    return AccountView(
        id=row.pk, name=row.name, adapter=row.adapter, currency=row.currency, settings=row.settings,  # type: ignore[arg-type]
        known_secrets=tuple(sorted(name for name, value in secrets.items() if value)), is_enabled=row.is_enabled,
        min_minor=row.min_minor, max_minor=row.max_minor, most_a_day=row.most_a_day, day_minor=row.day_minor,
        calls_a_minute=row.calls_a_minute,
        quiet_from=row.quiet_from, quiet_until=row.quiet_until,
    )  # fmt: skip
