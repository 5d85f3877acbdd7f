"""The wizard's steps. Each form reads its part of the draft and writes it back as plain JSON: amounts in minor units."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from liebian.core.money import MAX_MINOR, exponent, fits_currency, to_minor
from liebian.referrals.types import ProgrammeView

KINDS = [
    ("points", gettext_lazy("Points")), ("coupon", gettext_lazy("Coupon")),
    ("made", gettext_lazy("Something made before: a coupon with its terms, a gift, a privilege")),
]  # fmt: skip


class StepForm(forms.Form):
    """`programme` gives currency and what was typed before; `money` names the fields that hold amounts."""

    money: tuple[str, ...] = ()

    def __init__(
        self, data: Any = None, *, programme: ProgrammeView | None = None, currency: str = "CNY", **extra: Any
    ) -> None:
        self.currency = programme.currency if programme else currency
        draft = dict(programme.draft) if programme else {}
        super().__init__(data, initial={**self.from_draft(draft), **extra.pop("initial", {})}, **extra)

    def from_draft(self, draft: dict[str, Any]) -> dict[str, Any]:
        values = {name: draft[name] for name in self.base_fields if name in draft}
        for name in self.money:
            if draft.get(f"{name}_minor") is not None:
                amount = Decimal(int(draft[f"{name}_minor"])).scaleb(-exponent(self.currency))
                values[name] = f"{amount:f}".rstrip("0").rstrip(".") if "." in f"{amount:f}" else f"{amount:f}"
        return values

    def clean(self) -> dict[str, Any]:
        values = dict(super().clean() or {})
        for name in self.money:
            if isinstance(values.get(name), Decimal) and not fits_currency(values[name], self.currency):
                self.add_error(name, _("This amount does not fit the currency."))
        return values

    def add_error(self, field: str | None, error: Any) -> None:
        """One mistake, one message: what cannot be read is not said to be missing as well."""
        if field is None or field not in self.errors:
            super().add_error(field, error)

    def to_draft(self) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for name, value in self.cleaned_data.items():
            if name in self.money:
                values[f"{name}_minor"] = None if value is None else to_minor(value, self.currency)
            else:
                values[name] = value.isoformat() if isinstance(value, date) else value
        return values


def amount(label: Any, *, required: bool = True, minimum: int = 0, help_text: Any = "") -> forms.DecimalField:
    return forms.DecimalField(
        label=label, required=required, min_value=minimum, max_value=MAX_MINOR // 1000, max_digits=15, decimal_places=3,
        help_text=help_text, widget=forms.TextInput(attrs={"inputmode": "decimal"}),
    )  # fmt: skip


class GoalForm(StepForm):
    name = forms.CharField(label=gettext_lazy("Name of the programme"), max_length=120)
    target_customers = forms.IntegerField(
        label=gettext_lazy("How many new paying customers would be a success?"), required=False, min_value=1,
        help_text=gettext_lazy("Shown on the programme's page beside what it brought. Counted beyond what would have come anyway."),
    )  # fmt: skip


class PeopleForm(StepForm):
    segment_id = forms.TypedChoiceField(label=gettext_lazy("Whom to invite"), coerce=int, widget=forms.RadioSelect)
    holdout_percent = forms.IntegerField(
        label=gettext_lazy("Hold out, in per cent"), min_value=0, max_value=50,
        help_text=gettext_lazy("These people are drawn before anybody is asked and are not invited. Without them nobody can say what the programme brought."),
    )  # fmt: skip

    def __init__(self, *args: Any, segments: list[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["segment_id"].choices = segments  # type: ignore[attr-defined]


def _chosen_offer() -> forms.TypedChoiceField:
    return forms.TypedChoiceField(
        label=gettext_lazy("Made before"), required=False, coerce=int, empty_value=None,
        help_text=gettext_lazy("A percentage, free shipping, codes of a pool, a gift, a privilege: make it under Rewards first."),
    )  # fmt: skip


def _points_programme() -> forms.ChoiceField:
    return forms.ChoiceField(label=gettext_lazy("Programme of points"), required=False)


class RewardsForm(StepForm):
    money = (
        "referrer_face", "referrer_threshold", "referrer_cost", "friend_face", "friend_threshold", "friend_cost",
    )  # fmt: skip
    referrer_kind = forms.ChoiceField(label=gettext_lazy("Kind"), choices=KINDS, initial="points")
    referrer_offer_id = _chosen_offer()
    referrer_points = forms.IntegerField(label=gettext_lazy("Points"), required=False, min_value=1)
    referrer_points_programme = _points_programme()
    referrer_face = amount(gettext_lazy("Off an order"), required=False)
    referrer_threshold = amount(gettext_lazy("From an order of"), required=False)
    referrer_valid_days = forms.IntegerField(
        label=gettext_lazy("Valid for days"), required=False, min_value=1, max_value=730
    )
    referrer_cost = amount(
        gettext_lazy("What one costs you"),
        required=False,
        help_text=gettext_lazy("Points: what they are worth. Coupon: left empty, its face value."),
    )
    friend_kind = forms.ChoiceField(label=gettext_lazy("Kind"), choices=KINDS, initial="coupon")
    friend_offer_id = _chosen_offer()
    friend_points = forms.IntegerField(label=gettext_lazy("Points"), required=False, min_value=1)
    friend_points_programme = _points_programme()
    friend_face = amount(gettext_lazy("Off an order"), required=False)
    friend_threshold = amount(gettext_lazy("From an order of"), required=False)
    friend_valid_days = forms.IntegerField(
        label=gettext_lazy("Valid for days"), required=False, min_value=1, max_value=730
    )
    friend_cost = amount(
        gettext_lazy("What one costs you"),
        required=False,
        help_text=gettext_lazy("Points: what they are worth. Coupon: left empty, its face value."),
    )

    needs_approval = forms.BooleanField(
        label=gettext_lazy("A person approves each reward of this programme"), required=False,
        help_text=gettext_lazy("Until then it waits under Rewards, and its money stays set aside."),
    )  # fmt: skip

    def __init__(
        self, *args: Any, offers: Sequence[tuple[int, str, int]], points_programmes: Sequence[str] = (), **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.costs = {offer_id: cost for offer_id, _name, cost in offers}
        for role in ("referrer", "friend"):
            choices = [("", "—"), *((offer_id, name) for offer_id, name, _cost in offers)]
            self.fields[f"{role}_offer_id"].choices = choices  # type: ignore[attr-defined]
            named = [("", _("General points")), *((name, name) for name in points_programmes)]
            self.fields[f"{role}_points_programme"].choices = named  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        values = dict(super().clean() or {})
        for role in ("referrer", "friend"):
            self._clean_role(values, role)
        return values

    def _clean_role(self, values: dict[str, Any], role: str) -> None:
        if values.get(f"{role}_kind") != "points":
            values[f"{role}_points_programme"] = ""
        if values.get(f"{role}_kind") == "points":
            if not values.get(f"{role}_points"):
                self.add_error(f"{role}_points", _("Say how many points."))
            if not values.get(f"{role}_cost"):
                self.add_error(f"{role}_cost", _("Say what these points cost you; the budget is counted in money."))
            return
        if values.get(f"{role}_kind") == "made":
            if not values.get(f"{role}_offer_id"):
                self.add_error(f"{role}_offer_id", _("Choose what is given, or make it under Rewards first."))
            cost = self.costs.get(values.get(f"{role}_offer_id") or 0, 0)
            values[f"{role}_cost"] = Decimal(cost).scaleb(-exponent(self.currency))
            values[f"{role}_face"] = values[f"{role}_threshold"] = values[f"{role}_valid_days"] = None
            return
        if not values.get(f"{role}_face"):
            self.add_error(f"{role}_face", _("Say how much the coupon takes off."))
        values[f"{role}_valid_days"] = values.get(f"{role}_valid_days") or 30
        values[f"{role}_cost"] = values.get(f"{role}_cost") or values.get(f"{role}_face")
        face, threshold = values.get(f"{role}_face"), values.get(f"{role}_threshold")
        if face and threshold and threshold < face:
            self.add_error(f"{role}_threshold", _("The order cannot be smaller than what the coupon takes off."))


class BudgetForm(StepForm):
    money = ("budget", "min_order")
    budget_id = forms.TypedChoiceField(label=gettext_lazy("Budget"), required=False, coerce=int, empty_value=None)
    budget = amount(
        gettext_lazy("New budget: how much"),
        required=False,
        help_text=gettext_lazy("It is put aside when you publish. The programme cannot spend more."),
    )
    starts_on = forms.DateField(
        label=gettext_lazy("First day"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    last_day = forms.DateField(
        label=gettext_lazy("Last day"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    min_order = amount(gettext_lazy("The friend's order must be at least"), required=False)
    hold_days = forms.IntegerField(
        label=gettext_lazy("Pay after so many days"), min_value=0, max_value=90, initial=7,
        help_text=gettext_lazy("As long as orders can be returned. A return before that cancels the reward."),
    )  # fmt: skip

    def __init__(self, *args: Any, budgets: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["budget_id"].choices = [("", _("A new budget for this programme")), *budgets]  # type: ignore[attr-defined]

    def from_draft(self, draft: dict[str, Any]) -> dict[str, Any]:
        values = super().from_draft(draft)
        if draft.get("ends_on"):
            values["last_day"] = date.fromisoformat(draft["ends_on"]) - timedelta(days=1)
        if draft.get("starts_on"):
            values["starts_on"] = date.fromisoformat(draft["starts_on"])
        return values

    def clean(self) -> dict[str, Any]:
        values = dict(super().clean() or {})
        if not values.get("budget_id") and not values.get("budget"):
            self.add_error("budget", _("Say how much the programme may spend."))
        first, last = values.get("starts_on"), values.get("last_day")
        if first and last and last < first:
            self.add_error("last_day", _("The last day is before the first."))
        return values

    def to_draft(self) -> dict[str, Any]:
        values = super().to_draft()
        values["ends_on"] = (self.cleaned_data["last_day"] + timedelta(days=1)).isoformat()
        values.pop("last_day")
        return values


def _text(label: Any, *, rows: int = 0, length: int = 200, help_text: Any = "") -> forms.CharField:
    widget = forms.Textarea(attrs={"rows": rows}) if rows else forms.TextInput()
    return forms.CharField(label=label, max_length=length, widget=widget, help_text=help_text)


class TextsForm(StepForm):
    title_zh = _text(gettext_lazy("Title, Chinese"), length=60)
    title_en = _text(gettext_lazy("Title, English"), length=80)
    message_zh = _text(
        gettext_lazy("Message, Chinese"),
        rows=2,
        length=300,
        help_text=gettext_lazy("What the friend gets, in one or two sentences."),
    )
    message_en = _text(gettext_lazy("Message, English"), rows=2, length=400)
    rules_zh = _text(
        gettext_lazy("Further rules, Chinese"),
        rows=4,
        length=2000,
        help_text=gettext_lazy("Period, amounts and conditions are written by the page itself."),
    )
    rules_en = _text(gettext_lazy("Further rules, English"), rows=4, length=3000)
    organiser = _text(gettext_lazy("Organiser"), length=120)
    contact = _text(gettext_lazy("How to reach you"), length=120)
