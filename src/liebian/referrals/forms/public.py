"""What the friend types."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from liebian.customers import queries as customers

_CHINESE_MOBILE = len("+8613800138000")


class SignUpForm(forms.Form):
    """One contact of the friend's own, agreement to the terms, and, apart from it, to messages. Nothing is pre-ticked."""

    contact = forms.CharField(
        label=gettext_lazy("Your phone number or e-mail"), max_length=254,
        error_messages={"required": gettext_lazy("Type your phone number or your e-mail address.")},
        widget=forms.TextInput(attrs={"autocomplete": "tel", "inputmode": "email", "class": "ph-input"}),
    )  # fmt: skip
    name = forms.CharField(
        label=gettext_lazy("What may we call you? (optional)"), max_length=40, required=False,
        widget=forms.TextInput(attrs={"autocomplete": "name", "class": "ph-input"}),
    )  # fmt: skip
    terms = forms.BooleanField(
        error_messages={"required": gettext_lazy("We need your agreement to keep your contact. Tick the box to go on.")}
    )
    marketing = forms.BooleanField(required=False)

    def clean_contact(self) -> str:
        text = str(self.cleaned_data["contact"]).strip()
        kind = "email" if "@" in text else "phone"
        normal = customers.normalise(kind, text)
        if normal is None or (normal.startswith("+86") and len(normal) != _CHINESE_MOBILE):
            raise forms.ValidationError(
                _("This e-mail address is not complete. It looks like name@example.com.")
                if kind == "email"
                else _("This is not a complete phone number. A number in China has 11 digits."),
                code="bad_contact",
            )
        return normal

    def contact_of(self) -> dict[str, Any]:
        contact = str(self.cleaned_data["contact"])
        return {"email": contact, "phone": ""} if "@" in contact else {"phone": contact, "email": ""}
