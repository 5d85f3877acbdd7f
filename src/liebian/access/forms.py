"""Fields of the access pages. The rules stand in the services; a form keeps what was typed and shows what they say."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from liebian.access.labels import label_of
from liebian.access.permissions import ROLES
from liebian.core.errors import LiebianError
from liebian.ui.formats import error_text

_LANGUAGES = [("", _("As the browser says")), ("zh-hans", "中文"), ("en", "English")]


def show_error(form: forms.Form, error: LiebianError) -> None:
    """Put a service's refusal beside the field that it is about."""
    field = error.details.get("field")
    form.add_error(field if field in form.fields else None, error_text(error))


def role_choices() -> list[tuple[str, str]]:
    return [(role.name, label_of(role)) for role in ROLES.values()]


class SignInForm(forms.Form):
    username = forms.CharField(
        label=_("E-mail or sign-in name"),
        max_length=254,
        widget=forms.TextInput(attrs={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"}),
    )
    password = forms.CharField(
        label=_("Password"),
        max_length=200,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )


class RoleForm(forms.Form):
    role = forms.ChoiceField(label=_("Role"), choices=role_choices)


class UserForm(RoleForm):
    username = forms.CharField(
        label=_("E-mail or sign-in name"),
        max_length=254,
        help_text=_("What this person types to sign in."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}),
    )
    display_name = forms.CharField(
        label=_("Display name"), max_length=100, help_text=_("How colleagues see this person.")
    )
    language = forms.ChoiceField(label=_("Language"), choices=_LANGUAGES, required=False)
    field_order = ("display_name", "username", "role", "language")


class OrganisationForm(forms.Form):
    name = forms.CharField(
        label=_("Name of the organisation"), max_length=100, help_text=_("Customers see it on the referral pages.")
    )


class ProfileForm(forms.Form):
    display_name = forms.CharField(label=_("Display name"), max_length=100)
    language = forms.ChoiceField(label=_("Language"), choices=_LANGUAGES, required=False)


class PasswordForm(forms.Form):
    current = forms.CharField(
        label=_("Current password"),
        max_length=200,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
    password = forms.CharField(
        label=_("New password"),
        max_length=200,
        strip=False,
        help_text=_("At least 10 characters, not a common word and not your name."),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )


class AuditFilter(forms.Form):
    """What the audit page is asked for. Whatever makes no sense is left out."""

    action = forms.CharField(max_length=60, required=False)
    subject = forms.CharField(max_length=200, required=False)
    actor = forms.IntegerField(min_value=1, max_value=2**62, required=False)
    before = forms.IntegerField(min_value=1, max_value=2**62, required=False)
    check = forms.BooleanField(required=False)

    def asked(self) -> dict[str, Any]:
        self.is_valid()
        return {name: self.cleaned_data.get(name) for name in self.fields}
