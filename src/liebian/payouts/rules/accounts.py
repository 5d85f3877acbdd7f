"""Which provider accounts and payees make sense. Plain Python."""

from __future__ import annotations

import re
from collections.abc import Mapping

from liebian.core.errors import Invalid
from liebian.core.texts import mark as _
from liebian.payouts.types import AccountDraft

NEEDED: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "wechat": (
        ("mchid", "appid", "cert_serial_no", "public_key_id", "scene_id", "activity", "about"),
        ("private_key", "apiv3_key", "public_key"),
    ),
    "bank_file": ((), ()),
    "manual": ((), ()),
}
"""By adapter: the settings and the secrets without which nothing can be sent."""
_OPENID = re.compile(r"[A-Za-z0-9_-]{10,64}")
_BANK_NO = re.compile(r"[0-9]{8,30}")


def check_account(draft: AccountDraft, known_secrets: frozenset[str] = frozenset()) -> None:
    """Raises Invalid when an account cannot work as described."""
    if not draft.name.strip() or len(draft.name) > 80:
        raise Invalid("account_name", _("Give the account a name of at most 80 characters."))
    if draft.adapter not in NEEDED:
        raise Invalid("account_adapter", _("There is no such way of paying."))
    if not re.fullmatch("[A-Z]{3}", draft.currency):
        raise Invalid("account_currency", _("A currency has three letters, for example CNY."))
    if not 0 < draft.min_minor <= draft.max_minor <= draft.day_minor or draft.most_a_day < 1:
        raise Invalid(
            "account_limits", _("The smallest payout, the largest and the most a day have to grow in this order.")
        )
    if not 2 <= draft.calls_a_minute <= 60_000:
        raise Invalid("account_pace", _("A provider gets between 2 and 60,000 calls a minute."))
    if (draft.quiet_from is None) != (draft.quiet_until is None):
        raise Invalid("account_quiet", _("Quiet hours need both a beginning and an end."))
    settings, secrets = NEEDED[draft.adapter]
    missing = [name for name in settings if not draft.settings.get(name)]
    missing += [name for name in secrets if not draft.secrets.get(name) and name not in known_secrets]
    if draft.is_enabled and missing:
        raise Invalid(
            "account_incomplete", _("Before this account can pay it needs: %(names)s."), names=", ".join(missing)
        )


def check_payee(adapter: str, details: Mapping[str, str]) -> dict[str, str]:
    """The details in clean form. Raises Invalid when nobody can be paid by them."""
    clean = {name: " ".join(value.split()) for name, value in details.items() if value and value.strip()}
    if adapter == "wechat":
        if not _OPENID.fullmatch(clean.get("openid", "")):
            raise Invalid("payee_openid", _("A WeChat openid has 10 to 64 letters, digits, hyphens and underscores."))
        return {name: clean[name] for name in ("openid", "name") if name in clean}
    if not clean.get("name") or len(clean["name"]) > 60:
        raise Invalid("payee_name", _("Say to whom the account belongs, with at most 60 characters."))
    clean["number"] = clean.get("number", "").replace(" ", "")
    if adapter == "bank_file" and not _BANK_NO.fullmatch(clean["number"]):
        raise Invalid("payee_number", _("An account number has 8 to 30 digits."))
    return {name: clean[name][:60] for name in ("name", "number", "bank") if clean.get(name)}


def payee_key(adapter: str, details: Mapping[str, str]) -> str:
    """What makes two payees the same account."""
    return f"{adapter}:{details.get('openid') or details.get('number') or details.get('name', '')}"


def hint_of(details: Mapping[str, str]) -> str:
    """Enough to recognise a payee by, not enough to pay it.

    >>> hint_of({"name": "王芳", "number": "6222020200112233"}), hint_of({"openid": "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"})
    ('王* …2233', '…eS6o')
    """
    number, name = details.get("openid") or details.get("number") or "", details.get("name", "")
    parts = [name[0] + "*" * (len(name) - 1) if name else "", f"…{number[-4:]}" if number else ""]
    return " ".join(part for part in parts if part)
