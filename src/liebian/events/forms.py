"""Forms of imports and sources. They check shape; what a column means is decided by the import itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from liebian.events.imports.presets import PRESETS
from liebian.events.imports.types import AMOUNTS, FIELDS, REQUIRED
from liebian.events.labels import FIELDS as WORDS


class UploadForm(forms.Form):
    file = forms.FileField(
        label=_("File"),
        help_text=_("CSV, XLSX or Parquet, up to 2 GB. One row per order line, or one row per order."),
        widget=forms.FileInput(attrs={"accept": ".csv,.tsv,.txt,.xlsx,.parquet"}),
    )


class ColumnsForm(forms.Form):
    """Which column holds what. Built for one file: its columns are the choices."""

    preset = forms.ChoiceField(
        label=_("Known layout"), required=False, help_text=_("With a known layout, the choices below are not used.")
    )

    def __init__(self, columns: Sequence[str], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["preset"].choices = [("", _("None: choose the columns below")), *((name, name) for name in PRESETS)]  # type: ignore[attr-defined]
        choices = [("", "—"), *((column, column) for column in columns)]
        for field in FIELDS:
            self.fields[f"column_{field}"] = forms.ChoiceField(label=str(WORDS[field]), required=False, choices=choices)
        self.fields["currency_code"] = forms.CharField(
            label=_("Currency where the file names none"), max_length=3, required=False, initial="CNY"
        )
        self.fields["time_zone"] = forms.CharField(label=_("Time zone of the times"), max_length=60, required=False)
        self.fields["date_format"] = forms.CharField(
            label=_("How dates are written"),
            max_length=60,
            required=False,
            help_text=_("Leave empty to recognise it, or for example %d/%m/%Y %H:%M"),
        )
        self.fields["decimal"] = forms.ChoiceField(
            label=_("Decimal sign"), required=False, choices=[(".", _("Point: 1,280.50")), (",", _("Comma: 1.280,50"))]
        )
        self.fields["source"] = forms.CharField(
            label=_("Name of the source"), max_length=100, required=False,
            help_text=_("Files of one source correct each other: an order number is the same order."),
        )  # fmt: skip

    def needed_fields(self) -> list[forms.BoundField]:
        return [self[f"column_{field}"] for field in (*REQUIRED, *AMOUNTS)]

    def further_fields(self) -> list[forms.BoundField]:
        return [self[f"column_{field}"] for field in FIELDS if field not in (*REQUIRED, *AMOUNTS)]

    def other_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in ("currency_code", "time_zone", "date_format", "decimal", "source")]

    def options(self) -> dict[str, Any]:
        given = self.cleaned_data
        options: dict[str, Any] = {"source": given["source"]} if given["source"] else {}
        if given["preset"]:
            return {**options, "preset": given["preset"]}
        mapping: dict[str, Any] = {
            "columns": {field: given[f"column_{field}"] for field in FIELDS if given[f"column_{field}"]}
        }
        names = {
            "currency": "currency_code",
            "time_zone": "time_zone",
            "date_format": "date_format",
            "decimal": "decimal",
        }
        mapping |= {key: given[name] for key, name in names.items() if given[name]}
        return {**options, "mapping": mapping}


class SourceForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=100, help_text=_("For example: mini-programme, web shop, till"))
