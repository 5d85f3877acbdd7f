"""Fields of the budget pages. `key` makes sending a form twice the same as once."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from liebian.core.money import fits_currency, to_minor
from liebian.rewards.forms import FundForm
from liebian.rewards.types import BudgetView

_NUMBER = {"inputmode": "decimal"}


class TransferForm(FundForm):
    target = forms.TypedChoiceField(label=_("To the budget"), coerce=int)

    def __init__(self, *args: Any, targets: Sequence[BudgetView], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["target"].choices = [(each.id, each.name) for each in targets]  # type: ignore[attr-defined]
        self.fields["amount"].help_text = ""


class CloseForm(forms.Form):
    target = forms.TypedChoiceField(label=_("What is available goes"), coerce=int, required=False, empty_value=None)
    key = forms.CharField(max_length=64, widget=forms.HiddenInput)

    def __init__(self, *args: Any, targets: Sequence[BudgetView], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial.setdefault("key", uuid.uuid4().hex)
        choices = [("", _("back out of the budgets")), *((each.id, each.name) for each in targets)]
        self.fields["target"].choices = choices  # type: ignore[attr-defined]


class PartsForm(forms.Form):
    shards = forms.IntegerField(
        label=_("Number of parts"), min_value=1, max_value=64,
        help_text=_("More parts let more rewards be promised at the same time. The budget carries what all parts hold together."),
    )  # fmt: skip


class WarningForm(forms.Form):
    amount = forms.DecimalField(
        label=_("Warn when so much is left"), required=False, min_value=0, widget=forms.TextInput(attrs=_NUMBER),
        help_text=_("Empty: no warning."),
    )  # fmt: skip
    warn_days = forms.IntegerField(
        label=_("Warn so many days before it is used up"), required=False, min_value=1, max_value=365,
        help_text=_("By the forecast of the night. Empty: no warning."),
    )  # fmt: skip
    lasts_until = forms.DateField(
        label=_("It should last until"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=_("One is warned when the forecast falls before this day. A programme sets its own end when it is published."),
    )  # fmt: skip

    def __init__(self, *args: Any, currency: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.currency = currency

    def clean_amount(self) -> int | None:
        amount = self.cleaned_data["amount"]
        if amount is None:
            return None
        if not fits_currency(amount, self.currency):
            raise forms.ValidationError(_("This amount does not fit the currency."))
        return to_minor(amount, self.currency)
