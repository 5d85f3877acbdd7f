"""What failures said, when somebody whom it may name is erased."""

from __future__ import annotations

from liebian.core.redacted_rows import redact_rows
from liebian.core.redaction import Words
from liebian.pipeline.models import ReplayCheck, SetAside, UnitState


def redact_texts(*, words: Words) -> int:
    """Take what is nobody else's out of the texts of errors. Writes UnitState, SetAside, ReplayCheck. Idempotent."""
    count = redact_rows(UnitState.objects.exclude(last_error=""), ("last_error",), words.certain)
    count += redact_rows(SetAside.objects.all(), ("error",), words.certain)
    return count + redact_rows(ReplayCheck.objects.all(), ("error", "parts"), words.certain)
