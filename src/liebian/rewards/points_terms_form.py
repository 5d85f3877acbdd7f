"""The terms of a programme of points as a form. Whole percent and times here, basis points inside."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from liebian.core.days import day_of, day_start
from liebian.core.errors import LiebianError
from liebian.rewards.rules import MOST_POINTS, asset_of_points, check_asset, check_terms
from liebian.rewards.types import PointsTerms
from liebian.ui.formats import error_text

ONE = 10_000
_LONGEST = 36_500
_NUMBER = {"inputmode": "numeric"}


def _whole(label: Any, least: int, most: int, help_text: Any = "", *, required: bool = False) -> forms.IntegerField:
    widget = forms.TextInput(attrs=_NUMBER)
    return forms.IntegerField(
        label=label, min_value=least, max_value=most, help_text=help_text, required=required, widget=widget
    )


class PointsTermsForm(forms.Form):
    """`programme` is empty for the general points. What does not belong to the chosen way of ending or giving is left out."""

    programme = forms.CharField(
        label=_("Programme of points"), required=False, max_length=30, help_text=_("Letters and digits. Empty: the general points.")
    )  # fmt: skip
    starts = forms.DateField(
        label=_("They hold from"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=_("From the start of this day. Empty: from now on. Points that customers have keep their ends."),
    )  # fmt: skip
    zone = forms.CharField(label=_("Time zone"), max_length=60, help_text=_("Days, months and years end there."))
    expiry = forms.ChoiceField(
        label=_("Points end"),
        choices=[
            ("never", _("never")), ("days", _("some days after they became usable")),
            ("months", _("some months after they became usable")), ("month_end", _("with the month")),
            ("year_end", _("with the year")), ("inactivity", _("when nothing was earned or spent for some days")),
        ],
    )  # fmt: skip
    expiry_count = _whole(_("How many days or months"), 1, _LONGEST)
    min_days = _whole(_("Days they live at least"), 0, _LONGEST, _("For points that end with the month or the year."))
    shortage = forms.ChoiceField(
        label=_("When points to be taken back are gone"),
        choices=[
            ("within_balance", _("write it down, nothing else follows")), ("debt", _("later points pay it first")),
            ("review", _("a person decides")),
        ],
    )  # fmt: skip
    late_restore = forms.ChoiceField(
        label=_("When spent points come back after their end"),
        choices=[("expired", _("they stay lost")), ("grace", _("they can be spent for some days"))],
    )
    grace_days = _whole(_("Days of grace"), 1, _LONGEST)
    stacking = forms.ChoiceField(
        label=_("Several multipliers"),
        choices=[("add", _("add up")), ("highest", _("the highest counts")), ("multiply", _("multiply each other"))],
    )
    most_times = forms.DecimalField(
        label=_("Together at most so many times"), required=False, min_value=0, max_value=1000, decimal_places=4,
        widget=forms.TextInput(attrs={"inputmode": "decimal"}), help_text=_("Empty: no bound."),
    )  # fmt: skip
    may_transfer = forms.BooleanField(label=_("Points can be given to another customer"), required=False)
    fee_percent = forms.DecimalField(
        label=_("Fee in percent"), required=False, min_value=0, max_value=100, decimal_places=2,
        widget=forms.TextInput(attrs={"inputmode": "decimal"}), help_text=_("It comes on top of what is given."),
    )  # fmt: skip
    transfer_least = _whole(_("At least"), 1, MOST_POINTS)
    transfer_most = _whole(_("At most at once"), 1, MOST_POINTS, _("Empty: no bound."))

    def __init__(self, *args: Any, now: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._now = now

    def clean_programme(self) -> str:
        name = str(self.cleaned_data["programme"]).strip()
        self._check(lambda: check_asset(asset_of_points(name)))
        return name

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if self.errors:
            return data
        data["terms"] = _terms(data)
        self._check(lambda: check_terms(data["terms"]))
        starts: date | None = data["starts"]
        if starts and starts <= day_of(self._now, data["zone"]):
            self.add_error("starts", _("Choose a later day, or leave it empty for now."))
        return data

    @property
    def asset(self) -> str:
        return asset_of_points(self.cleaned_data["programme"])

    @property
    def valid_from(self) -> datetime | None:
        starts = self.cleaned_data["starts"]
        return day_start(starts, self.cleaned_data["zone"]) if starts else None

    def _check(self, check: Any) -> None:
        try:
            check()
        except LiebianError as error:
            raise forms.ValidationError(error_text(error)) from None


def _terms(data: dict[str, Any]) -> PointsTerms:
    counted = data["expiry"] in ("days", "months", "inactivity")
    given: bool = data["may_transfer"]
    return PointsTerms(
        zone=data["zone"],
        expiry=data["expiry"],
        expiry_count=(data["expiry_count"] or 0) if counted else 0,
        min_days=(data["min_days"] or 0) if data["expiry"] in ("month_end", "year_end") else 0,
        shortage=data["shortage"],
        late_restore=data["late_restore"],
        grace_days=(data["grace_days"] or 0) if data["late_restore"] == "grace" else 0,
        stacking=data["stacking"],
        most_bp=int((data["most_times"] or 0) * ONE),
        may_transfer=given,
        transfer_fee_bp=int((data["fee_percent"] or 0) * 100) if given else 0,
        transfer_least=(data["transfer_least"] or 1) if given else 1,
        transfer_most=(data["transfer_most"] or 0) if given else 0,
    )


def fill(programme: str, terms: PointsTerms) -> dict[str, Any]:
    """What the form starts with: the terms as they are."""
    return {
        "programme": programme,
        "zone": terms.zone,
        "expiry": terms.expiry,
        "expiry_count": terms.expiry_count or None,
        "min_days": terms.min_days or None,
        "shortage": terms.shortage,
        "late_restore": terms.late_restore,
        "grace_days": terms.grace_days or None,
        "stacking": terms.stacking,
        "most_times": _plain(terms.most_bp, ONE),
        "may_transfer": terms.may_transfer,
        "fee_percent": _plain(terms.transfer_fee_bp, 100),
        "transfer_least": terms.transfer_least,
        "transfer_most": terms.transfer_most or None,
    }


def _plain(value: int, unit: int) -> Decimal | None:
    return Decimal(value) / unit if value else None
