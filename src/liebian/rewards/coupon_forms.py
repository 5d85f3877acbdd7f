"""Fields of the coupon pages."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from liebian.core.money import fits_currency, to_minor
from liebian.rewards.forms import approval_field, approval_of
from liebian.rewards.types import CouponTerms, OfferDraft, OfferView
from liebian.ui.formats import named

MOST_FILE = 100 * 1024 * 1024
_NUMBER = {"inputmode": "decimal"}
_EFFECTS = [
    ("fixed", _("A fixed amount off")), ("percent", _("A percentage off")), ("shipping", _("Free shipping")),
    ("gift", _("A product free")),
]  # fmt: skip
_RETURNS = [
    ("keep", _("It can be used again until its old end")), ("grace", _("It can be used again, with days of grace")),
    ("never", _("It stays used")),
]  # fmt: skip
_LISTS = (
    ("products", _("Only these products")), ("categories", _("Only these categories")), ("brands", _("Only these brands")),
    ("not_products", _("Not these products")), ("not_categories", _("Not these categories")),
    ("not_brands", _("Not these brands")), ("channels", _("Only on these channels")), ("stores", _("Only in these stores")),
)  # fmt: skip


class TermsForm(forms.Form):
    """The terms of a coupon. Amounts in whole currency units; lists separated by commas."""

    name = forms.CharField(label=_("Name"), max_length=120)
    currency = forms.CharField(label=_("Currency"), min_length=3, max_length=3)
    effect = forms.ChoiceField(label=_("What it does"), choices=_EFFECTS)
    amount = forms.DecimalField(
        label=_("Amount"), required=False, min_value=0, widget=forms.TextInput(attrs=_NUMBER),
        help_text=_("A fixed amount: what it takes off. A percentage or free shipping: what it takes off at most."),
    )  # fmt: skip
    percent = forms.DecimalField(
        label=_("Percent"),
        required=False,
        min_value=0,
        max_value=100,
        decimal_places=2,
        widget=forms.TextInput(attrs=_NUMBER),
    )
    gift_product = forms.CharField(label=_("Free product"), required=False, max_length=120)
    cost = forms.DecimalField(
        label=_("Cost of one coupon"), required=False, min_value=0, widget=forms.TextInput(attrs=_NUMBER),
        help_text=_("What the budget sets aside for one. For a percentage and free shipping it is the most that they take off."),
    )  # fmt: skip
    threshold = forms.DecimalField(
        label=_("From a cart of"), required=False, min_value=0, widget=forms.TextInput(attrs=_NUMBER)
    )
    valid_days = forms.IntegerField(label=_("Valid for days"), required=False, min_value=0, max_value=3650)
    starts_at = forms.DateTimeField(
        label=_("Valid from"), required=False, widget=forms.DateTimeInput(attrs={"type": "datetime-local"})
    )
    ends_at = forms.DateTimeField(
        label=_("Valid until"), required=False, widget=forms.DateTimeInput(attrs={"type": "datetime-local"}),
        help_text=_("The first moment at which it is no longer taken. Where both are given, the earlier end counts."),
    )  # fmt: skip
    group = forms.CharField(
        label=_("Group"), required=False, max_length=40,
        help_text=_("It combines with coupons of other groups. Without a group it combines with none."),
    )  # fmt: skip
    priority = forms.IntegerField(label=_("Order of application"), required=False, min_value=-100, max_value=100)
    per_customer = forms.IntegerField(label=_("Uses per customer"), required=False, min_value=0, max_value=10_000)
    on_return = forms.ChoiceField(label=_("When its whole order comes back"), choices=_RETURNS)
    grace_days = forms.IntegerField(label=_("Days of grace"), required=False, min_value=0, max_value=365)
    honours_reservation = forms.BooleanField(
        label=_("A cart that holds it may pay after its end"), required=False, initial=True
    )
    pooled = forms.BooleanField(label=_("Take the codes of rewards from a pool"), required=False)
    needs_approval = approval_field()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, label in _LISTS:
            self.fields[name] = forms.CharField(label=label, required=False, max_length=2000)

    def clean_currency(self) -> str:
        return str(self.cleaned_data["currency"]).upper()

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        currency = data.get("currency", "CNY")
        for name in ("amount", "cost", "threshold"):
            value = data.get(name)
            if isinstance(value, Decimal) and not fits_currency(value, currency):
                self.add_error(name, _("This amount does not fit the currency."))
        return data

    def draft(self) -> OfferDraft:
        data = self.cleaned_data
        amount, cost, threshold = (self._minor(name) for name in ("amount", "cost", "threshold"))
        settles = data["effect"] in ("percent", "shipping")
        return OfferDraft(
            kind="coupon",
            name=data["name"].strip(),
            currency=data["currency"],
            cost_minor=amount if settles else cost or amount,
            face_minor=amount if data["effect"] == "fixed" else 0,
            threshold_minor=threshold,
            valid_days=data["valid_days"] or 0,
            approval=approval_of(data["needs_approval"]),
            terms=CouponTerms(
                effect=data["effect"],
                percent_bp=int((data["percent"] or 0) * 100) if data["effect"] == "percent" else 0,
                cap_minor=amount if settles else 0,
                gift_product=data["gift_product"] if data["effect"] == "gift" else "",
                starts_at=_utc(data["starts_at"]),
                ends_at=_utc(data["ends_at"]),
                group=data["group"].strip(),
                priority=data["priority"] or 0,
                per_customer=data["per_customer"] or 0,
                on_return=data["on_return"],
                grace_days=data["grace_days"] or 0,
                honours_reservation=data["honours_reservation"],
                codes="pool" if data["pooled"] else "cause",
                **{name: _split(data[name]) for name, _label in _LISTS},
            ),
        )

    def _minor(self, name: str) -> int:
        value = self.cleaned_data[name]
        return to_minor(value, self.cleaned_data["currency"]) if value else 0


class PoolForm(forms.Form):
    """A new pool of one coupon."""

    offer = forms.TypedChoiceField(label=_("Coupon"), coerce=int)
    name = forms.CharField(label=_("Name"), max_length=120)
    kind = forms.ChoiceField(
        label=_("For whom"),
        choices=[
            ("rewards", _("Rewards: one code for each")), ("open", _("Whoever brings a code: printed or sent by you")),
            ("retail", _("Everybody: one code, many uses")),
        ],
    )  # fmt: skip
    low_at = forms.IntegerField(
        label=_("Warn when so many are left"), required=False, min_value=0, max_value=10_000_000
    )

    def __init__(self, *args: Any, offers: Sequence[OfferView], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["offer"].choices = [(offer.id, named(offer.name)) for offer in offers]  # type: ignore[attr-defined]


class _Once(forms.Form):
    """`key` makes sending the form twice the same as once."""

    key = forms.CharField(max_length=64, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial.setdefault("key", uuid.uuid4().hex)


class GenerateForm(_Once):
    n_codes = forms.IntegerField(label=_("How many codes"), min_value=1)
    start = forms.CharField(label=_("Prefix"), required=False, max_length=12)
    length = forms.IntegerField(label=_("Signs after the prefix"), initial=10, min_value=1, max_value=40)

    def clean_start(self) -> str:
        return str(self.cleaned_data["start"]).strip().upper()


class CodesFileForm(_Once):
    file = forms.FileField(
        label=_("File"), help_text=_("CSV or XLSX: the column called code, or the first one."),
        widget=forms.FileInput(attrs={"accept": ".csv,.txt,.xlsx"}),
    )  # fmt: skip

    def clean_file(self) -> Any:
        if self.cleaned_data["file"].size > MOST_FILE:
            raise forms.ValidationError(_("The file is larger than 100 MB. Split it."))
        return self.cleaned_data["file"]


class RetailForm(_Once):
    code = forms.CharField(label=_("Code"), max_length=40)
    n_uses = forms.IntegerField(label=_("How many uses"), min_value=1)


class ShopKeyForm(forms.Form):
    name = forms.CharField(label=_("Name of the shop"), max_length=100)


def _utc(moment: datetime | None) -> datetime | None:
    return moment.astimezone(UTC) if moment else None


def _split(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(part.strip() for part in text.replace("，", ",").split(",") if part.strip()))
