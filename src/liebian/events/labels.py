"""Words of imports and sources for people: states, reasons, fields."""

from __future__ import annotations

from typing import Any, Protocol

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from liebian.core.errors import LiebianError
from liebian.events.imports.types import FIELD_NAMES
from liebian.ui.formats import error_text

Words = str | Promise


class Explained(Protocol):
    """An error or a problem: a stable code, words for programs' logs, and what it is about."""

    @property
    def code(self) -> str: ...
    @property
    def message(self) -> str: ...
    @property
    def details(self) -> dict[str, Any]: ...


STATES: dict[str, tuple[Words, str, str]] = {  # label, tone, icon
    "draft": (_("Not started"), "2", "pencil"),
    "queued": (_("Waiting"), "act", "clock"),
    "running": (_("Running"), "act", "player-play"),
    "done": (_("Done"), "good", "circle-check"),
    "failed": (_("Failed"), "bad", "circle-x"),
    "cancelled": (_("Cancelled"), "2", "circle-minus"),
}
PHASES: dict[str, Words] = {
    "": _("Waiting for the worker"),
    "reading": _("Reading the file"),
    "checking": _("Checking every row"),
    "writing": _("Writing orders"),
}
REASONS: dict[str, Words] = {
    "bad_row": _("More cells than the header has columns"),
    "no_order_id": _("No order number"),
    "bad_id": _("An order, customer or product number that is too long"),
    "no_customer": _("No customer: nobody to whom the purchase could belong"),
    "adjustment": _("Postage, fees and adjustments, not products"),
    "bad_time": _("A time that cannot be read, or before 1990"),
    "bad_amount": _("An amount, quantity or currency that cannot be read"),
    "future": _("Dated in the future"),
    "zero_or_negative_price": _("A price of zero or less"),
    "duplicate": _("The same row again; the first was taken"),
    "order_conflict": _("An order number that already belongs to another customer, currency or order"),
    "cancellation_unmatched": _("A cancellation of something that is not in the file"),
}
FIELDS: dict[str, Words] = {field: _(name) for field, name in FIELD_NAMES.items()}
KINDS: dict[str, Words] = {"api": _("Tracking API"), "file": _("File import")}
PROBLEMS: dict[str, Words] = {
    "column_missing": _("A column that is needed is missing. Choose it below."),
    "date_ambiguous": _("The dates can be read in two ways. Say how they are written, for example %d/%m/%Y."),
    "bad_date_format": _("This is no date format. Write it like %Y-%m-%d %H:%M."),
    "customer_id_personal": _("The customer column holds phone numbers or e-mail addresses. Choose the shop's own customer number."),
    "nothing_accepted": _("No row can be taken. Look at the columns and the reasons."),
    "bad_mapping": _("The file of columns cannot be used as it is. Mend it, or choose the columns below."),
    "bad_mapping_file": _("The file of columns is neither JSON nor TOML. Choose the columns below."),
    "unknown_preset": _("There is no such preset. Choose the columns below."),
    "bad_time_zone": _("This is not a time zone. Use a name like Asia/Shanghai."),
    "bad_currency": _("This is not a currency code. Use three letters like CNY."),
    "file_empty": _("The file is empty."),
    "file_too_large": _("The file is larger than we read. Split it by month."),
    "file_damaged": _("The file is damaged or was cut off. Save it again."),
    "wrong_file_type": _("This is not a table. Send CSV, XLSX or Parquet."),
    "not_a_table": _("The file holds no readable table. Send CSV, XLSX or Parquet."),
    "workbook_too_large": _("The workbook unpacks to more than we read. Save the sheet as CSV and import that."),
    "import_running": _("Another import is running. Wait for it to end, or cancel it."),
    "file_changed": _("The file changed since the import was started. Start a new import."),
    "file_not_found": _("The file is no longer there. Start a new import."),
    "import_failed": _("The import stopped for a reason of ours. What is written stays; importing the file again is safe."),
    "source_exists": _("There is already a source of that name."),
    "bad_source_name": _("Give the source a name of 1 to 100 characters."),
    "reserved_source_name": _("The product itself has this name. Choose another."),
}  # fmt: skip


def say(error: Explained) -> str:
    """What is wrong, in the reader's language."""
    details = error.details or {}
    if error.code == "column_missing" and details.get("field") in FIELDS:
        words = _("No column is chosen for: %(field)s.") % {"field": FIELDS[details["field"]]}
        if details.get("column"):
            words = _("The file has no column %(column)s.") % {"column": details["column"]}
        closest = details.get("closest")
        return f"{words} {_('The closest is %(closest)s.') % {'closest': closest}}" if closest else str(words)
    if error.code == "date_ambiguous" and details.get("formats"):
        return f"{PROBLEMS[error.code]} ({', '.join(details['formats'])})"
    if error.code not in PROBLEMS and isinstance(error, LiebianError):
        return error_text(error)
    return str(PROBLEMS.get(error.code, error.message))
