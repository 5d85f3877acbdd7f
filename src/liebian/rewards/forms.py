"""Fields of the reward pages."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from liebian.core.money import exponent, fits_currency, to_minor
from liebian.rewards.rules import MOST_DAYS, MOST_POINTS
from liebian.rewards.types import Approval, Deadlines, PolicyView


def approval_field() -> forms.BooleanField:
    return forms.BooleanField(
        label=_("A person approves each reward"), required=False,
        help_text=_("Until then it waits under Rewards, and its money stays set aside."),
    )  # fmt: skip


def approval_of(needs_approval: bool) -> Approval:
    return "person" if needs_approval else "rule"


class RewardFilter(forms.Form):
    """What the list of rewards may be asked for in its address. Nonsense is taken as not asked."""

    state = forms.CharField(required=False, max_length=20)
    programme = forms.IntegerField(required=False, min_value=1, max_value=2**62)
    customer = forms.IntegerField(required=False, min_value=1, max_value=2**62)
    cause = forms.CharField(required=False, max_length=120)
    reason = forms.CharField(required=False, max_length=40)
    before = forms.IntegerField(required=False, min_value=1, max_value=2**62)

    def asked(self) -> dict[str, Any]:
        self.is_valid()
        return {name: self.cleaned_data.get(name) for name in self.fields}


class ActForm(forms.Form):
    """Why something is done to rewards. `key` makes sending the form twice the same as once."""

    reason = forms.ChoiceField(label=_("Reason"), help_text=_("The customer may read it, in words of their own."))
    note = forms.CharField(
        label=_("Note for colleagues"), required=False, max_length=500, widget=forms.Textarea(attrs={"rows": 2})
    )
    key = forms.CharField(max_length=64, widget=forms.HiddenInput)

    def __init__(self, *args: Any, reasons: Sequence[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].choices = reasons  # type: ignore[attr-defined]
        self.initial.setdefault("key", uuid.uuid4().hex)


class PolicyForm(forms.Form):
    """When a second person has to agree."""

    mode = forms.ChoiceField(
        label=_("A second person has to agree"),
        choices=[("never", _("Never")), ("from", _("From a sum on")), ("always", _("Always"))],
    )
    currency = forms.CharField(label=_("Currency"), required=False, min_length=3, max_length=3)
    amount = forms.DecimalField(
        label=_("Money of one act"), required=False, widget=forms.TextInput(attrs={"inputmode": "decimal"}),
        help_text=_("What all its rewards cost, or what goes into a budget."),
    )  # fmt: skip

    points = forms.IntegerField(
        label=_("Points of one act"), required=False, min_value=0, max_value=MOST_POINTS,
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
        help_text=_("With a sum and without a number here, every act on points needs a second person."),
    )  # fmt: skip

    def clean_currency(self) -> str:
        return str(self.cleaned_data["currency"] or "").upper()

    def asked(self) -> PolicyView:
        currency, amount = self.cleaned_data.get("currency") or "", self.cleaned_data.get("amount")
        minor = to_minor(amount, currency) if amount and currency else 0
        return PolicyView(self.cleaned_data["mode"], currency, minor, self.cleaned_data.get("points") or 0)


class DeadlineForm(forms.Form):
    """How long a reward waits for people; nothing: for ever."""

    decide_days = forms.IntegerField(
        label=_("Days for a decision"), required=False, min_value=1, max_value=MOST_DAYS,
        help_text=_("What waits for approval or is on hold for longer is not paid; its money returns to the budget."),
    )  # fmt: skip
    claim_days = forms.IntegerField(
        label=_("Days for an address or an account"), required=False, min_value=1, max_value=MOST_DAYS,
        help_text=_("A gift without an address and money without a payee return to the budget after so many days."),
    )  # fmt: skip

    def asked(self) -> Deadlines:
        return Deadlines(self.cleaned_data["decide_days"] or 0, self.cleaned_data["claim_days"] or 0)


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
        if not fits_currency(amount, self.currency):
            raise forms.ValidationError(_("That is more than a budget can hold."))
        return to_minor(amount, self.currency)
