"""Fields of the reward pages."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from liebian.core.money import MAX_MINOR, exponent, to_minor


class FundForm(forms.Form):
    """An amount in whole currency units. `key` makes sending the form twice the same as once."""

    amount = forms.DecimalField(label=_("Amount"), widget=forms.TextInput(attrs={"inputmode": "decimal"}))
    key = forms.CharField(max_length=64, widget=forms.HiddenInput)

    def __init__(self, *args: Any, currency: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.currency = currency
        self.fields["amount"].help_text = _(
            "In %(currency)s, for example 30000. Money stays in the budget until used."
        ) % {"currency": currency}
        self.initial.setdefault("key", uuid.uuid4().hex)

    def clean_amount(self) -> int:
        """In minor units."""
        amount = self.cleaned_data["amount"]
        if -amount.as_tuple().exponent > exponent(self.currency):
            raise forms.ValidationError(_("This currency has %(n)s decimals."), params={"n": exponent(self.currency)})
        if amount <= 0:
            raise forms.ValidationError(_("Enter an amount above zero."))
        if amount.scaleb(exponent(self.currency)) > MAX_MINOR:
            raise forms.ValidationError(_("That is more than a budget can hold."))
        return to_minor(amount, self.currency)
