"""What the ledger's pages may be asked for in their addresses. Nonsense is taken as not asked."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _


class _Asked(forms.Form):
    before = forms.IntegerField(required=False, min_value=1, max_value=2**62)
    after = forms.IntegerField(required=False, min_value=0, max_value=2**62)

    def asked(self) -> dict[str, Any]:
        self.is_valid()
        return {
            name: self.cleaned_data.get(name) or getattr(field, "empty_value", None)
            for name, field in self.fields.items()
        }


class EntryFilter(_Asked):
    asset = forms.CharField(required=False, max_length=60)
    book = forms.CharField(required=False, max_length=60)
    kind = forms.CharField(required=False, max_length=32)
    subject = forms.CharField(required=False, max_length=200)


class AccountFilter(_Asked):
    day = forms.DateField(
        required=False, label=_("At the end of"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    at = forms.DateTimeField(required=False)
    known = forms.DateTimeField(required=False)


class PostingFilter(_Asked):
    kind = forms.CharField(required=False, max_length=32)
