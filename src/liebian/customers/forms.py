"""What the list's address and the reveal form may say. A field that cannot be read is shown with its error and not applied."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from liebian.core import days
from liebian.core.errors import Invalid
from liebian.core.money import to_minor
from liebian.customers.types import CustomerFilter, FilterChoices, Window
from liebian.customers.words.facts import name_gender
from liebian.customers.words.tiers import name_tier
from liebian.ui.formats import error_text

_YES_NO = [("", _("Any")), ("yes", _("Yes")), ("no", _("No"))]
_DIGITS: Any = {
    "widget": forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"})
}  # keeps what was typed
SORTS = ("seen", "revenue", "orders", "last_order", "first_seen")
FILTERS = (
    "channel", "city", "gender", "tier", "ordered", "referred", "referred_by", "revenue_from", "revenue_to",
    "ordered_within", "quiet_for", "who",
)  # fmt: skip


class CustomerFilterForm(forms.Form):
    """The filters of the list. `choices` are the values that occur; a value of an old address stays selectable."""

    q = forms.CharField(required=False, max_length=200)
    who = forms.ChoiceField(
        label=_("Which people"),
        required=False,
        choices=[("", _("Known people")), ("anonymous", _("Anonymous visitors"))],
    )
    channel = forms.CharField(label=_("Came through"), required=False, max_length=60, widget=forms.Select)
    city = forms.CharField(label=_("City"), required=False, max_length=80, widget=forms.Select)
    gender = forms.CharField(label=_("Gender"), required=False, max_length=20, widget=forms.Select)
    tier = forms.CharField(label=pgettext_lazy("customer", "Tier"), required=False, max_length=81, widget=forms.Select)
    ordered = forms.ChoiceField(label=_("Has ordered"), required=False, choices=_YES_NO)
    referred = forms.ChoiceField(label=_("Was recommended"), required=False, choices=_YES_NO)
    referred_by = forms.IntegerField(required=False, min_value=1, max_value=2**62, widget=forms.HiddenInput)
    revenue_from = forms.DecimalField(label=_("Revenue from"), required=False, max_digits=13, **_DIGITS)
    revenue_to = forms.DecimalField(label=_("Revenue below"), required=False, max_digits=13, **_DIGITS)
    ordered_within = forms.IntegerField(
        label=_("Last order within (days)"), required=False, min_value=1, max_value=36500, **_DIGITS
    )
    quiet_for = forms.IntegerField(
        label=_("Last order longer ago than (days)"), required=False, min_value=1, max_value=36500, **_DIGITS
    )
    sort = forms.ChoiceField(required=False, choices=[(key, key) for key in SORTS], widget=forms.HiddenInput)
    order = forms.ChoiceField(required=False, choices=[("", ""), ("asc", "asc")], widget=forms.HiddenInput)

    def __init__(self, data: Any, choices: FilterChoices, currency: str) -> None:
        super().__init__(data, auto_id="filter_%s")
        self.currency = currency
        self._offer("channel", [(value, value) for value in choices.channels])
        self._offer("city", [(value, value) for value in choices.cities])
        self._offer("gender", [(value, name_gender(value)) for value in choices.genders])
        tiers = [name_tier(model, cell) for model, cell in choices.tiers]
        self._offer("tier", [(f"{tier.model}:{tier.cell}", f"{tier.model_name} · {tier.name}") for tier in tiers])

    def _offer(self, name: str, options: list[tuple[str, str]]) -> None:
        chosen = str(self.data.get(name, ""))
        if chosen and chosen not in {value for value, _label in options}:
            options = [*options, (chosen, chosen)]
        widget: Any = self.fields[name].widget
        widget.choices = [("", _("Any")), *options]

    def clean_tier(self) -> tuple[str, str] | None:
        model, colon, cell = self.cleaned_data["tier"].partition(":")
        if not self.cleaned_data["tier"]:
            return None
        if not (model and colon and cell):
            raise forms.ValidationError(_("A tier is named as model:tier, for example rfm:important_value."))
        return model, cell

    def clean_revenue_from(self) -> int | None:
        return self._minor("revenue_from")

    def clean_revenue_to(self) -> int | None:
        return self._minor("revenue_to")

    def _minor(self, name: str) -> int | None:
        amount = self.cleaned_data[name]
        try:
            return None if amount is None else to_minor(amount, self.currency)
        except Invalid as error:
            raise forms.ValidationError(error_text(error)) from None

    def to_filter(self, now: datetime) -> CustomerFilter:
        """What could be read. Days are whole business days that end today."""
        self.is_valid()
        found = self.cleaned_data
        yes_no = {"yes": True, "no": False}
        return CustomerFilter(
            search=found.get("q") or "",
            is_known=found.get("who") != "anonymous",
            channel=found.get("channel") or "",
            city=found.get("city") or "",
            gender=found.get("gender") or "",
            tier=found.get("tier"),
            has_ordered=yes_no.get(found.get("ordered") or ""),
            is_referred=yes_no.get(found.get("referred") or ""),
            referred_by=found.get("referred_by"),
            revenue=Window(found.get("revenue_from"), found.get("revenue_to")),
            last_order=Window(_days_back(now, found.get("ordered_within")), _days_back(now, found.get("quiet_for"))),
        )

    @property
    def chosen_sort(self) -> str:
        return self.cleaned_data.get("sort") or SORTS[0]

    @property
    def is_ascending(self) -> bool:
        return self.cleaned_data.get("order") == "asc"


def _days_back(now: datetime, count: int | None) -> datetime | None:
    """The start of the business day `count` days before today."""
    if count is None:
        return None
    zone = settings.TIME_ZONE
    return days.day_start(days.day_of(now, zone) - timedelta(days=count), zone)


class RevealForm(forms.Form):
    reason = forms.CharField(
        label=_("Why do you need it?"),
        max_length=500,
        error_messages={"required": _("Say in a few words why you need it. The reason is kept with your name.")},
        widget=forms.TextInput(attrs={"autofocus": True, "autocomplete": "off"}),
    )


class EraseForm(forms.Form):
    """`number` is what has to be typed, so that nobody erases somebody else by a slip."""

    typed = forms.CharField(
        label=_("Type the customer's number"),
        max_length=20,
        error_messages={"required": _("Type the customer's number: erasing cannot be undone.")},
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    reason = forms.CharField(
        label=_("Why is this customer erased?"),
        max_length=500,
        help_text=_("For example: asked for it by e-mail on 3 May. Kept in the audit trail; do not name the customer."),
        error_messages={"required": _("Say in a few words why. The reason is kept with your name.")},
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def __init__(self, data: QueryDict | None, number: str) -> None:
        super().__init__(data)
        self.number = number

    def clean_typed(self) -> str:
        typed = str(self.cleaned_data["typed"]).strip().upper()
        if typed != self.number:
            raise forms.ValidationError(_("This is not the number of this customer."))
        return typed
