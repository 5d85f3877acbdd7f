"""What the page of what is owed may be asked, and what a point is worth."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from liebian.core.money import MAX_MINOR, exponent, to_minor

_MOMENT = {"type": "datetime-local", "step": "1"}


class LiabilityFilter(forms.Form):
    """Nonsense is taken as not asked."""

    day = forms.DateField(required=False)
    asset = forms.CharField(required=False, max_length=60)

    def asked(self) -> tuple[date | None, str]:
        self.is_valid()
        return self.cleaned_data.get("day"), self.cleaned_data.get("asset") or ""


class InstantForm(forms.Form):
    at = forms.DateTimeField(
        label=_("Just before"), widget=forms.DateTimeInput(attrs=_MOMENT, format="%Y-%m-%dT%H:%M:%S")
    )
    known = forms.DateTimeField(
        label=_("As it was known at"), required=False, widget=forms.DateTimeInput(attrs=_MOMENT, format="%Y-%m-%dT%H:%M:%S"),
        help_text=_("Empty: with everything that is known today."),
    )  # fmt: skip

    def asked(self) -> tuple[datetime, datetime | None] | None:
        return (self.cleaned_data["at"], self.cleaned_data["known"]) if self.is_bound and self.is_valid() else None


class ValueForm(forms.Form):
    asset = forms.ChoiceField(label=_("Programme of points"))
    amount = forms.DecimalField(
        label=_("A thousand points are worth"), min_value=0, widget=forms.TextInput(attrs={"inputmode": "decimal"}),
        help_text=_("For this report only. From now on; earlier days keep the value they had."),
    )  # fmt: skip

    def __init__(self, *args: Any, currency: str, assets: Sequence[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.currency = currency
        self.fields["asset"].choices = assets  # type: ignore[attr-defined]

    def clean_amount(self) -> int:
        amount = self.cleaned_data["amount"]
        places = exponent(self.currency)
        if amount.scaleb(places) > MAX_MINOR // 1000 or -amount.as_tuple().exponent > places:
            raise forms.ValidationError(_("This amount does not fit the currency."))
        return to_minor(amount, self.currency)
