"""The limits of a draft as rows that can be added and removed, with or without a script."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from liebian.core.errors import Invalid
from liebian.core.money import exponent, to_minor
from liebian.referrals.forms.wizard import StepForm
from liebian.referrals.rules import clean_limits
from liebian.referrals.rules.limits import MOST_LIMITS
from liebian.ui.formats import error_text

SCOPES = [
    ("person", gettext_lazy("each inviter")), ("friend", gettext_lazy("each friend")),
    ("programme", gettext_lazy("the whole programme")), ("store", gettext_lazy("each store")),
    ("identifier", gettext_lazy("each payer or device")),
]  # fmt: skip
PERIODS = [
    ("ever", gettext_lazy("in all")), ("day", gettext_lazy("a day")), ("week", gettext_lazy("a week")),
    ("month", gettext_lazy("a month")), ("year", gettext_lazy("a year")),
]  # fmt: skip
MEASURES = [("count", gettext_lazy("rewards")), ("minor", gettext_lazy("in money"))]
ON_EXCESS = [("refuse", gettext_lazy("all of it or nothing")), ("clamp", gettext_lazy("points: what still fits"))]
_NAMES = ("scope", "amount", "measure", "period", "on_excess")
_USUAL = [{"scope": "person", "period": "ever", "measure": "count", "amount": 10, "on_excess": "refuse"}]


class LimitsForm(StepForm):
    """`rows` fields of each name, numbered. `is_editing`: a row was added or removed, and nothing is to be kept yet."""

    rows = forms.IntegerField(widget=forms.HiddenInput, min_value=0, max_value=MOST_LIMITS)

    def __init__(self, data: Any = None, **kwargs: Any) -> None:
        self.is_editing = data is not None and ("add" in data or "drop" in data)
        super().__init__(None if self.is_editing else data, **kwargs)
        typed = self.initial["typed"] if data is None else _edit(data, _typed_rows(data))
        self.initial["rows"] = len(typed)
        for number, row in enumerate(typed):
            self._add_row(number)
            self.initial.update({f"{name}_{number}": row.get(name, "") for name in _NAMES})

    def _add_row(self, number: int) -> None:
        self.fields[f"scope_{number}"] = forms.ChoiceField(label=_("For"), choices=SCOPES)
        self.fields[f"amount_{number}"] = forms.DecimalField(
            label=_("At most"), max_digits=15, decimal_places=3, widget=forms.TextInput(attrs={"inputmode": "decimal"})
        )
        self.fields[f"measure_{number}"] = forms.ChoiceField(label=_("Measured"), choices=MEASURES)
        self.fields[f"period_{number}"] = forms.ChoiceField(label=_("Period"), choices=PERIODS)
        self.fields[f"on_excess_{number}"] = forms.ChoiceField(label=_("What does not fit"), choices=ON_EXCESS)

    def from_draft(self, draft: dict[str, Any]) -> dict[str, Any]:
        rows = draft.get("limits", _USUAL)
        return {"typed": [{**row, "amount": _plain(row, self.currency)} for row in rows]}

    @property
    def lines(self) -> Iterator[dict[str, Any]]:
        for number in range(self.initial["rows"]):
            yield {"number": number, **{name: self[f"{name}_{number}"] for name in _NAMES}}

    @property
    def may_add(self) -> bool:
        return bool(self.initial["rows"] < MOST_LIMITS)

    def clean(self) -> dict[str, Any]:
        values = dict(super().clean() or {})
        rows = [row for number in range(self.initial["rows"]) if (row := self._row(values, number))]
        if not self.errors:
            try:
                values["limits"] = clean_limits(rows)
            except Invalid as error:
                self.add_error(None, error_text(error))
        return values

    def _row(self, values: Mapping[str, Any], number: int) -> dict[str, Any] | None:
        row = {name: values.get(f"{name}_{number}") for name in _NAMES}
        amount = row["amount"]
        if not isinstance(amount, Decimal):
            return None
        decimals = exponent(self.currency) if row["measure"] == "minor" else 0
        if amount <= 0:
            self.add_error(f"amount_{number}", _("A limit is more than zero. Remove it if there is to be none."))
        elif -int(amount.normalize().as_tuple().exponent) > decimals:
            self.add_error(f"amount_{number}", _("Give a whole number of rewards, or an amount that the currency has."))
        else:
            row["amount"] = to_minor(amount, self.currency) if row["measure"] == "minor" else int(amount)
        return row

    def to_draft(self) -> dict[str, Any]:
        return {"limits": self.cleaned_data["limits"]}


def _typed_rows(data: Mapping[str, Any]) -> list[dict[str, Any]]:
    said = str(data.get("rows", ""))
    count = min(int(said), MOST_LIMITS) if said.isdecimal() and len(said) < 4 else 0
    return [{name: data.get(f"{name}_{number}", "") for name in _NAMES} for number in range(count)]


def _edit(data: Mapping[str, Any], rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    if "add" in data and len(rows) < MOST_LIMITS:
        return [*rows, {"scope": "person", "period": "month", "measure": "count", "on_excess": "refuse"}]
    return [row for number, row in enumerate(rows) if str(number) != data.get("drop")]


def _plain(row: Mapping[str, Any], currency: str) -> str:
    amount = Decimal(row["amount"])
    try:
        text = f"{amount.scaleb(-exponent(currency)) if row['measure'] == 'minor' else amount:f}"
    except InvalidOperation:
        return ""
    return text.rstrip("0").rstrip(".") if "." in text else text
