"""Fields of the payout pages."""

from __future__ import annotations

import uuid
from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from liebian.core.money import fits_currency, to_amount, to_minor
from liebian.payouts.rules import NEEDED
from liebian.payouts.types import AccountDraft, AccountView
from liebian.rewards.queries import gross_of
from liebian.rewards.types import OfferDraft

MOST_FILE = 20 * 1024 * 1024
ADAPTERS = [
    ("wechat", _("WeChat Pay, merchant transfer")),
    ("bank_file", _("A file for the bank")),
    ("manual", _("By hand")),
]
SETTINGS = {
    "mchid": _("Merchant number (mchid)"),
    "appid": _("App id (appid)"),
    "cert_serial_no": _("Serial number of the merchant certificate"),
    "public_key_id": _("Id of WeChat Pay's public key"),
    "scene_id": _("Transfer scene id"),
    "activity": _("Name of the activity, as WeChat asks for it; for commission (scene 1005) the kind of work"),
    "about": _("What the reward is for, as WeChat asks for it"),
    "perception": _("What the recipient sees as the reason, one of those that WeChat has for the scene"),
    "remark": _("Remark that the recipient reads"),
    "notify_url": _("Address for WeChat's messages"),
}
SECRETS = {
    "private_key": _("Private key of the merchant certificate (PEM)"),
    "apiv3_key": _("APIv3 key"),
    "public_key": _("WeChat Pay's public key (PEM)"),
}


class AccountForm(forms.Form):
    """An account; a secret left empty stays as it is."""

    name = forms.CharField(label=_("Name"), max_length=80)
    adapter = forms.ChoiceField(label=_("Way of paying"), choices=ADAPTERS)
    currency = forms.CharField(label=_("Currency"), min_length=3, max_length=3, initial="CNY")
    is_enabled = forms.BooleanField(label=_("May pay"), required=False, initial=True)
    smallest = forms.DecimalField(label=_("Smallest payout"), min_value=0, initial="1")
    largest = forms.DecimalField(label=_("Largest payout"), min_value=0, initial="200")
    day = forms.DecimalField(label=_("Most that one person gets a day"), min_value=0, initial="2000")
    most_a_day = forms.IntegerField(label=_("Payouts to one person a day"), min_value=1, max_value=1000, initial=10)
    calls_a_minute = forms.IntegerField(
        label=_("Calls to the provider a minute"), required=False, min_value=2, max_value=60_000, initial=300,
        help_text=_("For WeChat Pay: its limit for your merchant number. All workers together keep it."),
    )  # fmt: skip
    quiet_from = forms.TimeField(label=_("Quiet hours from"), required=False, help_text=_("For example 22:00."))
    quiet_until = forms.TimeField(label=_("Quiet hours until"), required=False, help_text=_("For example 08:00."))

    def __init__(self, *args: Any, account: AccountView | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.account = account
        for name, label in SETTINGS.items():
            self.fields[f"set_{name}"] = forms.CharField(label=label, required=False, max_length=200)
        known = account.known_secrets if account else ()
        for name, label in SECRETS.items():
            self.fields[f"secret_{name}"] = forms.CharField(
                label=label, required=False, max_length=8000, widget=forms.Textarea(attrs={"rows": 2, "autocomplete": "off"}),
                help_text=_("Stored. Leave it empty to keep it.") if name in known else _("Kept encrypted and never shown again."),
            )  # fmt: skip
        if account:
            self.initial = {**self.initial, **_initial(account)}
            self.fields["adapter"].disabled = self.fields["currency"].disabled = True
            if account.adapter != "wechat":
                self._drop_wechat()

    def _drop_wechat(self) -> None:
        """The way of paying is chosen once: an account that pays another way never needs these."""
        for name in ("calls_a_minute", *(f"set_{each}" for each in SETTINGS), *(f"secret_{each}" for each in SECRETS)):
            del self.fields[name]

    def own_fields(self) -> list[forms.BoundField]:
        return [each for each in self if not each.name.startswith(("set_", "secret_"))]

    def wechat_fields(self) -> list[forms.BoundField]:
        return [each for each in self if each.name.startswith(("set_", "secret_"))]

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if data.get("is_enabled"):
            settings, secrets = NEEDED.get(data.get("adapter", ""), ((), ()))
            known = self.account.known_secrets if self.account else ()
            wanted = [f"set_{name}" for name in settings]
            wanted += [f"secret_{name}" for name in secrets if name not in known]
            for name in wanted:
                if not data.get(name, "").strip():
                    self.add_error(name, _("WeChat Pay needs this before the account may pay."))
        return data

    def draft(self) -> AccountDraft:
        data, currency = self.cleaned_data, self.cleaned_data["currency"].upper()
        return AccountDraft(
            name=data["name"], adapter=data["adapter"], currency=currency, is_enabled=data["is_enabled"],
            settings={name: data[f"set_{name}"] for name in SETTINGS if data.get(f"set_{name}")},
            secrets={name: data[f"secret_{name}"].strip() for name in SECRETS if data.get(f"secret_{name}", "").strip()},
            min_minor=to_minor(data["smallest"], currency), max_minor=to_minor(data["largest"], currency),
            day_minor=to_minor(data["day"], currency), most_a_day=data["most_a_day"],
            calls_a_minute=data.get("calls_a_minute") or 300,
            quiet_from=data["quiet_from"], quiet_until=data["quiet_until"],
        )  # fmt: skip


def _initial(account: AccountView) -> dict[str, Any]:
    plain = ("name", "adapter", "currency", "is_enabled", "most_a_day", "calls_a_minute", "quiet_from", "quiet_until")
    sums = {"smallest": account.min_minor, "largest": account.max_minor, "day": account.day_minor}
    return {
        **{name: getattr(account, name) for name in plain},
        **{name: to_amount(minor, account.currency) for name, minor in sums.items()},
        **{f"set_{name}": value for name, value in account.settings.items()},
    }


class PayeeForm(forms.Form):
    """Where one person's money goes, by one way of paying."""

    adapter = forms.ChoiceField(label=_("Way of paying"), choices=ADAPTERS)
    openid = forms.CharField(label=_("WeChat openid"), required=False, max_length=64)
    name = forms.CharField(label=_("Name of the holder"), required=False, max_length=60)
    number = forms.CharField(label=_("Account number"), required=False, max_length=40)
    bank = forms.CharField(label=_("Bank"), required=False, max_length=60)

    def details(self) -> dict[str, str]:
        return {name: self.cleaned_data[name] for name in ("openid", "name", "number", "bank")}


class TableFileForm(forms.Form):
    """Of forms with a table in the field `file`."""

    def clean_file(self) -> Any:
        if self.cleaned_data["file"].size > MOST_FILE:
            raise forms.ValidationError(_("The file is larger than 20 MB. Split it."))
        return self.cleaned_data["file"]


class PayeeFileForm(TableFileForm):
    """A file that says where the money of many goes, by one way of paying."""

    adapter = forms.ChoiceField(label=_("Way of paying"), choices=ADAPTERS)
    file = forms.FileField(
        label=_("File"), help_text=_("CSV or XLSX: customer (C-000123 or your id), openid, or name, number and bank."),
        widget=forms.FileInput(attrs={"accept": ".csv,.txt,.xlsx"}),
    )  # fmt: skip


class ProposeForm(forms.Form):
    account = forms.IntegerField(min_value=1, widget=forms.HiddenInput)
    note = forms.CharField(label=_("Note for colleagues"), required=False, max_length=500)
    key = forms.CharField(max_length=64, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial.setdefault("key", uuid.uuid4().hex)


class ResultForm(forms.Form):
    reference = forms.CharField(label=_("Paid under number"), required=False, max_length=64)
    note = forms.CharField(label=_("Note for colleagues"), required=False, max_length=500)


class StatementForm(TableFileForm):
    account = forms.TypedChoiceField(label=_("Account"), coerce=int)
    file = forms.FileField(
        label=_("Statement"), help_text=_("CSV or XLSX with our numbers (商户单号), amounts and states."),
        widget=forms.FileInput(attrs={"accept": ".csv,.txt,.xlsx"}),
    )  # fmt: skip
    first = forms.DateField(label=_("First day"), required=False, widget=forms.DateInput(attrs={"type": "date"}))
    last = forms.DateField(
        label=_("Last day"), required=False, widget=forms.DateInput(attrs={"type": "date"}),
        help_text=_("With both days given, payouts that the statement does not name are found, too."),
    )  # fmt: skip

    def __init__(self, *args: Any, accounts: list[AccountView], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["account"].choices = [(each.id, each.name) for each in accounts]  # type: ignore[attr-defined]


class MonthForm(forms.Form):
    month = forms.RegexField(
        r"^\d{4}-\d{2}$",
        label=_("Month"),
        widget=forms.DateInput(attrs={"type": "month", "class": "form-control form-control-sm w-auto"}),
    )

    def clean_month(self) -> date:
        try:
            return date.fromisoformat(f"{self.cleaned_data['month']}-01")
        except ValueError:
            raise forms.ValidationError(_("A month looks like 2026-06.")) from None


class CashForm(forms.Form):
    """A reward of money. What it costs follows from its sum and its tax."""

    kind = forms.ChoiceField(
        label=_("What it is"), choices=[("cash", _("Cash")), ("red_packet", _("A red packet, ¥1 to ¥200"))]
    )
    name = forms.CharField(label=_("Name"), max_length=120, help_text=_("The customer reads it."))
    currency = forms.CharField(label=_("Currency"), min_length=3, max_length=3)
    amount = forms.DecimalField(label=_("Amount"), min_value=0, widget=forms.TextInput(attrs={"inputmode": "decimal"}))
    tax = forms.ChoiceField(
        label=_("Tax class"),
        choices=[
            ("none", _("No tax")),
            ("incidental_withheld", _("Incidental income, withheld")),
            ("incidental_on_top", _("Incidental income, paid on top")),
            ("fees_withheld", _("Fees, withheld")),
        ],
        help_text=_(
            "Money won by chance or given to strangers is incidental income, taxed at 20 %; commission is a fee."
        ),
    )
    needs_approval = forms.BooleanField(
        label=_("A person approves each reward"), required=False,
        help_text=_("Until then it waits under Rewards, and its money stays set aside."),
    )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        amount = data.get("amount")
        if amount is not None and not fits_currency(amount, str(data.get("currency", "CNY")).upper()):
            self.add_error("amount", _("This amount does not fit the currency."))
        return data

    def draft(self, today: date) -> OfferDraft:
        data, currency = self.cleaned_data, str(self.cleaned_data["currency"]).upper()
        face = to_minor(data["amount"], currency)
        return OfferDraft(
            kind=data["kind"],
            name=data["name"].strip(),
            currency=currency,
            cost_minor=gross_of(data["tax"], face, on=today),
            face_minor=face,
            approval="person" if data["needs_approval"] else "rule",
            tax=data["tax"],
        )


assert set(SETTINGS) >= set(NEEDED["wechat"][0]) and set(SECRETS) == set(NEEDED["wechat"][1])
