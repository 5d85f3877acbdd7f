"""Words for why a stage failed. What is kept is the error as it was raised; the page folds that away behind these."""

from __future__ import annotations

import re

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

_REASONS: list[tuple[str, Promise]] = [
    (r"OperationalError: .*(locked|lock timeout|deadlock)", _("The database was busy with something else. It tries again by itself.")),
    (r"(OperationalError|InterfaceError|DatabaseError): ", _("The database could not be reached. It tries again by itself.")),
    (r"OSError: \[Errno 28\]|.*No space left on device", _("The disk is full. Make room; then it goes on by itself.")),
    (r"(PermissionError|OSError: \[Errno 13\])", _("A file or folder may not be written. Give the right back; then it goes on by itself.")),
    (r"Unavailable: .*lake", _("The lake could not be read or written. Publishing waits for it and tries again by itself.")),
    (r"(Unavailable|OSError|ConnectionError|TimeoutError)\b", _("Something that it needs could not be reached. It tries again by itself.")),
    (r"IntegrityError: ", _("What it wanted to write contradicts what is stored already.")),
    (r"(Conflict|Invalid|NotFound|NotAllowed): ", _("A rule of ours does not allow what the event asks for.")),
    (r"(InvalidTag|InvalidToken|Unseal\w*)\b", _("Something sealed could not be opened: its key is not the one that is set up here.")),
    (r"(KeyError|IndexError|ValueError|TypeError|AttributeError|OverflowError|DecodeError|UnicodeError|UnicodeDecodeError)\b",
     _("The event says something that this stage does not understand.")),
    (r"(MemoryError|RecursionError)\b", _("The event was too much for this stage: too large or nested too deep.")),
]  # fmt: skip
_OTHER = _("It failed for a reason that we have no words for yet.")


def reason_of(error: str) -> str:
    """Why, in the reader's language; nothing when there is no error."""
    if not error:
        return ""
    return str(next((words for pattern, words in _REASONS if re.match(pattern, error)), _OTHER))
