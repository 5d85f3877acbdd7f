"""What people may type into the parameters of a tier model. Knows the fields, not what they do."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from liebian.core.errors import Invalid
from liebian.core.money import exponent, to_minor
from liebian.tiers.rules import MAX_BINS, MAX_DAYS, MEASURES, parse_parameters

_SEPARATORS = re.compile(r"[,，、;；\s]+")


class NumbersField(forms.CharField):
    """Several ascending numbers, separated by commas or spaces; with a currency they are amounts of money."""

    def __init__(self, *, currency: str = "", **kwargs: Any) -> None:
        super().__init__(required=False, max_length=200, **kwargs)
        self.currency = currency

    def to_python(self, value: Any) -> Any:
        parts = [part for part in _SEPARATORS.split(str(value or "").strip()) if part]
        try:
            return [self._one(part) for part in parts]
        except (Invalid, InvalidOperation, ValueError):
            raise forms.ValidationError(
                _("Give numbers separated by commas, such as 30, 60, 120."), code="numbers"
            ) from None

    def validate(self, value: Any) -> None:
        if value and value != sorted(set(value)):
            raise forms.ValidationError(_("Each number must be larger than the one before."), code="order")

    def run_validators(self, value: Any) -> None:
        """Lengths are checked against the number of scores, by the form."""

    def prepare_value(self, value: Any) -> Any:
        if not isinstance(value, list):
            return value
        if not self.currency:
            return ", ".join(str(number) for number in value)
        return ", ".join(f"{Decimal(number).scaleb(-exponent(self.currency)).normalize():f}" for number in value)

    def _one(self, part: str) -> int:
        return to_minor(part, self.currency) if self.currency else int(part)


class ParametersForm(forms.Form):
    """Base: `parameters()` is what `services.save_model` and `queries.preview_model` take."""

    kind = ""

    def __init__(self, data: Any = None, *, parameters: dict[str, Any], currency: str) -> None:
        self.currency = currency
        super().__init__(data, initial=self.to_initial(parameters))

    def to_initial(self, parameters: dict[str, Any]) -> dict[str, Any]:
        return dict(parameters)

    def to_parameters(self, cleaned: dict[str, Any]) -> dict[str, Any]:
        return dict(cleaned)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if not self.errors:
            try:
                parse_parameters(self.kind, self.to_parameters(cleaned))
            except Invalid as error:
                self._show(error)
        return cleaned

    def parameters(self) -> dict[str, Any]:
        return self.to_parameters(self.cleaned_data)

    def _show(self, error: Invalid) -> None:
        field = str(error.details.get("path", "")).partition(".")[2] or str(error.details.get("path", ""))
        self.add_error(field if field in self.fields else None, self.problem_text(field))

    def problem_text(self, field: str) -> Any:
        return _("This value does not fit the others.")


class RfmForm(ParametersForm):
    kind = "rfm"
    drawn = forms.TypedChoiceField(
        label=_("Cut points"),
        choices=[("1", _("Drawn from the data: equal groups, equal values kept together")), ("", _("My own, below"))],
        coerce=bool,
        empty_value="",
        required=False,
        widget=forms.RadioSelect,
    )
    bins = forms.IntegerField(label=_("Scores from 1 to"), min_value=2, max_value=MAX_BINS)
    high_from = forms.IntegerField(label=_("High from score"), min_value=2, max_value=MAX_BINS, required=False)
    window_days = forms.IntegerField(
        label=_("Only orders of the last … days"), min_value=1, max_value=MAX_DAYS, required=False,
        help_text=_("Empty: all orders ever"),
    )  # fmt: skip
    recency = NumbersField(label=_("Recency cuts, days"))
    frequency = NumbersField(label=_("Frequency cuts, orders"))
    monetary = NumbersField(label=_("Money cuts"))

    def __init__(self, data: Any = None, *, parameters: dict[str, Any], currency: str, cuts: Any = None) -> None:
        self._cuts = cuts or {}
        super().__init__(data, parameters=parameters, currency=currency)
        money: Any = self.fields["monetary"]
        money.currency = currency
        money.label = f"{money.label} ({currency})"

    def to_initial(self, parameters: dict[str, Any]) -> dict[str, Any]:
        own = parameters.get("cuts")
        shown = own or {name: sorted({int(point) for point in points}) for name, points in self._cuts.items()}
        return {**parameters, "drawn": "" if own else "1", **shown}

    def to_parameters(self, cleaned: dict[str, Any]) -> dict[str, Any]:
        cuts = None if cleaned.get("drawn") else {name: cleaned.get(name) or [] for name in MEASURES}
        return {
            "bins": cleaned["bins"],
            "high_from": cleaned["high_from"],
            "window_days": cleaned["window_days"],
            "cuts": cuts,
        }

    def problem_text(self, field: str) -> Any:
        if field in MEASURES:
            return _("Give %(n)s numbers for %(bins)s scores.") % {
                "n": self.cleaned_data["bins"] - 1, "bins": self.cleaned_data["bins"],
            }  # fmt: skip
        return _("The high score must lie between 2 and the number of scores.")


class AbcForm(ParametersForm):
    kind = "abc"
    a_up_to = forms.DecimalField(
        label=_("A up to this percentage of revenue"), min_value=1, max_value=99, decimal_places=2
    )
    b_up_to = forms.DecimalField(
        label=_("B up to this percentage of revenue"), min_value=2, max_value=100, decimal_places=2
    )
    window_days = forms.IntegerField(
        label=_("Only orders of the last … days"), min_value=1, max_value=MAX_DAYS, required=False,
        help_text=_("Empty: all orders ever"),
    )  # fmt: skip

    def to_initial(self, parameters: dict[str, Any]) -> dict[str, Any]:
        shares = {name: f"{Decimal(parameters[name]) / 100:f}" for name in ("a_up_to", "b_up_to")}
        return {**parameters, **shares}

    def to_parameters(self, cleaned: dict[str, Any]) -> dict[str, Any]:
        return {**cleaned, **{name: int(cleaned[name] * 100) for name in ("a_up_to", "b_up_to")}}

    def problem_text(self, field: str) -> Any:
        return _("B must reach further than A.")


class LifecycleForm(ParametersForm):
    kind = "lifecycle"
    new_days = forms.IntegerField(label=_("New: first order at most … days ago"), min_value=1, max_value=MAX_DAYS)
    active_days = forms.IntegerField(label=_("Active: last order at most … days ago"), min_value=1, max_value=MAX_DAYS)
    lost_after_days = forms.IntegerField(
        label=_("Lost: last order more than … days ago"), min_value=1, max_value=MAX_DAYS
    )
    loyal_orders = forms.IntegerField(label=_("Loyal: at least … orders"), min_value=2, max_value=1000)

    def problem_text(self, field: str) -> Any:
        return _("The days must grow: new, then active, then lost.")


FORMS: dict[str, type[ParametersForm]] = {"rfm": RfmForm, "abc": AbcForm, "lifecycle": LifecycleForm}
