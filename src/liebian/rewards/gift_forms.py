"""Fields of the pages about gifts, privileges and shipments."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from liebian.core.money import fits_currency, to_minor
from liebian.rewards.forms import approval_field, approval_of
from liebian.rewards.types import LevelBook, OfferDraft, OfferKind, PostalAddress, PrivilegeTerms

MOST_FILE = 20 * 1024 * 1024
_CHOICES = [
    ("gift", _("A gift that is sent")), ("code", _("A virtual gift: a code")), ("level", _("A level for some days")),
    ("priority", _("Priority service for some days")), ("access", _("Exclusive access for some days")),
]  # fmt: skip


KEEP = "keeps_name"


class GiftForm(forms.Form):
    """The terms of a gift or a privilege. The cost is in whole currency units.

    A level whose name lifts nobody is asked about once, by a box that only then appears.
    """

    what = forms.ChoiceField(label=_("What it is"), choices=_CHOICES)
    name = forms.CharField(label=_("Name"), max_length=120, help_text=_("The customer reads it."))
    currency = forms.CharField(label=_("Currency"), min_length=3, max_length=3)
    cost = forms.DecimalField(
        label=_("What one costs you"), min_value=0, widget=forms.TextInput(attrs={"inputmode": "decimal"}),
        help_text=_("With the shipping. The budget sets it aside for each."),
    )  # fmt: skip
    subject = forms.CharField(
        label=_("Level, or what the access is to"), required=False, max_length=60,
        widget=forms.TextInput(attrs={"list": "level-names"}),
        help_text=_("Only for a level and for access. A level that is called like a group of a tier model, such as A or Loyal, lifts the customer into it for these days."),
    )  # fmt: skip
    days = forms.IntegerField(
        label=_("For how many days"), required=False, min_value=1, max_value=3650,
        help_text=_("Only for privileges. The day of issue is the first; a second one begins when the first ends."),
    )  # fmt: skip
    needs_approval = approval_field()

    def __init__(self, *args: Any, levels: LevelBook, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.levels = levels
        if KEEP in self.data:
            self._offer_to_keep()

    def _offer_to_keep(self) -> None:
        label = _("Keep this name: the level is to lift nobody")
        self.fields[KEEP] = forms.BooleanField(label=label, required=False)
        self.order_fields(["what", "name", "currency", "cost", "subject", KEEP])

    def clean_currency(self) -> str:
        return str(self.cleaned_data["currency"]).upper()

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        cost, currency, level = data.get("cost"), data.get("currency", "CNY"), data.get("subject", "").strip()
        if data.get("what") == "level" and level and not data.get(KEEP) and not self.levels.find_groups(level):
            self._offer_to_keep()
            said = _("No group of a tier model is called “%(name)s”: this level would lift nobody. Take a name from the list, or tick the box below.")  # fmt: skip
            self.add_error("subject", said % {"name": level})
        if cost is not None and not fits_currency(cost, currency):
            self.add_error("cost", _("This amount does not fit the currency."))
        return data

    def draft(self) -> OfferDraft:
        data = self.cleaned_data
        is_sent = data["what"] in ("gift", "code")
        kind: OfferKind = data["what"] if is_sent else "privilege"
        return OfferDraft(
            kind=kind,
            name=data["name"].strip(),
            currency=data["currency"],
            cost_minor=to_minor(data["cost"], data["currency"]),
            valid_days=0 if is_sent else data["days"] or 0,
            approval=approval_of(data["needs_approval"]),
            privilege=None if is_sent else PrivilegeTerms(data["what"], data["subject"].strip()),
        )


class StockForm(forms.Form):
    """`key` makes sending the form twice the same as once."""

    n_units = forms.IntegerField(
        label=_("How many pieces"), help_text=_("What came in; with a minus what was taken out, for example −2.")
    )
    note = forms.CharField(label=_("Note for colleagues"), required=False, max_length=200)
    key = forms.CharField(max_length=64, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial.setdefault("key", uuid.uuid4().hex)


class AddressForm(forms.Form):
    recipient = forms.CharField(label=_("Recipient"), max_length=60)
    phone = forms.CharField(label=_("Phone"), max_length=25, widget=forms.TextInput(attrs={"inputmode": "tel"}))
    region = forms.CharField(label=_("Province, city, district"), max_length=100)
    line = forms.CharField(label=_("Street and number"), max_length=200)
    postcode = forms.CharField(label=_("Postcode"), required=False, max_length=12)

    def address(self) -> PostalAddress:
        return PostalAddress(**self.cleaned_data)


class ShipForm(forms.Form):
    carrier = forms.CharField(label=_("Carrier"), max_length=60)
    tracking = forms.CharField(label=_("Tracking number"), max_length=60)


class TrackingFileForm(forms.Form):
    file = forms.FileField(
        label=_("File"), help_text=_("CSV or XLSX: the file for the warehouse, with carrier and tracking filled in."),
        widget=forms.FileInput(attrs={"accept": ".csv,.txt,.xlsx"}),
    )  # fmt: skip

    def clean_file(self) -> Any:
        if self.cleaned_data["file"].size > MOST_FILE:
            raise forms.ValidationError(_("The file is larger than 20 MB. Split it."))
        return self.cleaned_data["file"]


class ShipmentFilter(forms.Form):
    """What the list of shipments may be asked for in its address. Nonsense is taken as not asked."""

    state = forms.CharField(required=False, max_length=20)
    gift = forms.IntegerField(required=False, min_value=1, max_value=2**62)
    before = forms.IntegerField(required=False, min_value=1, max_value=2**62)

    def asked(self) -> dict[str, Any]:
        self.is_valid()
        return {name: self.cleaned_data.get(name) for name in self.fields}
