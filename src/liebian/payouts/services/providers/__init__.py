"""Ways of paying, by the name of an account's adapter. An adapter without a provider is served by people."""

from __future__ import annotations

from collections.abc import Callable

import structlog

from liebian.payouts.models import Account
from liebian.payouts.services.providers.base import Provider
from liebian.payouts.services.providers.wechat import WeChat

log = structlog.get_logger("payouts")
PROVIDERS: dict[str, Callable[[Account], Provider]] = {"wechat": WeChat}


def open_provider(account: Account) -> Provider | None:
    """The provider of an account; None when people serve it, or when its keys are none."""
    make = PROVIDERS.get(account.adapter)
    if make is None:
        return None
    try:
        return make(account)
    except Exception as error:  # whatever a library says of a key that is none
        log.warning("provider_not_opened", account=account.pk, error=type(error).__name__)
        return None


__all__ = ["PROVIDERS", "Provider", "open_provider"]
