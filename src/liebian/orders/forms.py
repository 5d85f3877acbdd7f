"""What people say when they decide about order events."""

from django import forms
from django.utils.translation import gettext_lazy as _


class DismissForm(forms.Form):
    reason = forms.CharField(label=_("Why they are not wanted"), max_length=500)
