"""Fields of the pages of points. `key` makes sending a form twice the same as once."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from liebian.rewards.rules import MOST_POINTS

_LONGEST = 2**62


class _NoteForm(forms.Form):
    note = forms.CharField(
        label=_("Note for colleagues"), max_length=500, widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("It stays with the act, together with your name."),
    )  # fmt: skip


class _AmountForm(_NoteForm):
    amount = forms.IntegerField(
        label=_("Points"), min_value=1, max_value=MOST_POINTS, widget=forms.TextInput(attrs={"inputmode": "numeric"})
    )
    key = forms.CharField(max_length=64, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial.setdefault("key", uuid.uuid4().hex)


class AdjustForm(_AmountForm):
    direction = forms.ChoiceField(
        label=_("What to do"), choices=[("give", _("Give points")), ("take", _("Take points"))], initial="give"
    )
    reason = forms.ChoiceField(label=_("Reason"), help_text=_("The customer may read it, in words of their own."))
    field_order = ("direction", "amount", "reason", "note")

    def __init__(self, *args: Any, reasons: Sequence[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].choices = reasons  # type: ignore[attr-defined]

    @property
    def signed(self) -> int:
        data = self.cleaned_data
        return int(data["amount"]) if data["direction"] == "give" else -int(data["amount"])


class PassOnForm(_AmountForm):
    receiver = forms.CharField(label=_("To the customer"), max_length=24, help_text=_("A number such as C-12."))
    field_order = ("receiver", "amount", "note")

    def clean_receiver(self) -> int:
        digits = self.cleaned_data["receiver"].strip().upper().removeprefix("C-")
        if not (digits.isascii() and digits.isdecimal()) or not 0 < int(digits) < _LONGEST:
            raise forms.ValidationError(_("Enter the number of a customer, such as C-12."))
        return int(digits)


class ShortageForm(_AmountForm):
    decision = forms.ChoiceField(
        label=_("What to do"),
        choices=[("debt", _("Later points pay it")), ("forgive", _("Forgive it"))],
    )
    field_order = ("decision", "amount", "note")

    def __init__(self, *args: Any, may_owe: bool = True, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not may_owe:
            self.fields["decision"].choices = [("forgive", _("Forgive it"))]  # type: ignore[attr-defined]


class TakeBackForm(_AmountForm):
    """`before` is what was taken back when the page was shown: together with `amount` it says how much in all, however often it is sent."""

    lot = forms.IntegerField(min_value=1, max_value=_LONGEST, widget=forms.HiddenInput)
    before = forms.IntegerField(min_value=0, max_value=MOST_POINTS, widget=forms.HiddenInput)
    field_order = ("amount", "note")


class ReleaseForm(_NoteForm):
    use = forms.IntegerField(min_value=1, max_value=_LONGEST, widget=forms.HiddenInput)


class PointsFilter(forms.Form):
    """What a customer's points page may be asked for in its address. Nonsense is taken as not asked."""

    asset = forms.CharField(required=False, max_length=60)
    lots = forms.ChoiceField(required=False, choices=[("all", "")])
    before = forms.IntegerField(required=False, min_value=1, max_value=_LONGEST)
    used_before = forms.IntegerField(required=False, min_value=1, max_value=_LONGEST)
    take = forms.IntegerField(required=False, min_value=1, max_value=_LONGEST)
    release = forms.IntegerField(required=False, min_value=1, max_value=_LONGEST)

    def asked(self) -> dict[str, Any]:
        self.is_valid()
        return {name: self.cleaned_data.get(name) for name in self.fields}
