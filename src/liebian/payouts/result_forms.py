"""What a bank says became of a batch: as a file, as all but a few, and as it was shown to be confirmed."""

from __future__ import annotations

from typing import Any

import msgspec
from django import forms
from django.utils.translation import gettext_lazy as _

from liebian.payouts.forms import TableFileForm
from liebian.payouts.types import StatementRow

MOST_SHOWN = 2_000_000


class ResultsFileForm(TableFileForm):
    file = forms.FileField(
        label=_("The bank's results"), help_text=_("CSV or XLSX with our numbers (商户单号), results (结果), amounts and reasons."),
        widget=forms.FileInput(attrs={"accept": ".csv,.txt,.xlsx"}),
    )  # fmt: skip
    reference = forms.CharField(
        label=_("Number of the bank's run"), required=False, max_length=64, help_text=_("For lines that name none.")
    )


class AllPaidForm(forms.Form):
    reference = forms.CharField(label=_("Number of the bank's run"), max_length=64)
    exceptions = forms.CharField(
        label=_("Except these"), required=False, max_length=200_000, widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("One of our numbers on each line; behind it, if you like, why it did not arrive."),
    )  # fmt: skip

    def failed(self) -> dict[str, str]:
        """Numbers with their reasons."""
        lines = [line.split(None, 1) for line in self.cleaned_data["exceptions"].splitlines() if line.strip()]
        return {number: "".join(reason).strip()[:200] for number, *reason in lines}


class ResultsForm(forms.Form):
    """Lines as they were shown. They are judged again when they are confirmed."""

    rows = forms.CharField(max_length=MOST_SHOWN, widget=forms.HiddenInput)

    def clean_rows(self) -> tuple[StatementRow, ...]:
        try:
            return msgspec.json.decode(self.cleaned_data["rows"], type=tuple[StatementRow, ...])
        except msgspec.MsgspecError as error:
            raise forms.ValidationError(_("These lines cannot be read. Bring the file again.")) from error


def keep_rows(rows: tuple[StatementRow, ...]) -> ResultsForm:
    shown: Any = {"rows": msgspec.json.encode(rows).decode()}
    return ResultsForm(initial=shown)
