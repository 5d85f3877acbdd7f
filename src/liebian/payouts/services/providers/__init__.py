"""Ways of paying, by the name of an account's adapter. An adapter without a provider is served by people."""

from __future__ import annotations

from collections.abc import Callable

from liebian.payouts.models import Account
from liebian.payouts.services.providers.base import Provider
from liebian.payouts.services.providers.wechat import WeChat

PROVIDERS: dict[str, Callable[[Account], Provider]] = {"wechat": WeChat}

__all__ = ["PROVIDERS", "Provider"]
