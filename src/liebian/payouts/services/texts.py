"""What staff and providers wrote about people's payouts, when somebody of whom it speaks is erased."""

from __future__ import annotations

from collections.abc import Sequence

from liebian.core.redacted_rows import redact_rows
from liebian.core.redaction import Words
from liebian.payouts.models import Batch, Finding, Payout, PayoutChange, Recording, Statement


def redact_texts(*, customer_ids: Sequence[int], words: Words) -> int:
    """Take what names these people out of notes about their payouts; out of texts that need not be about them only what is nobody
    else's. The rest of each text stays.

    Writes PayoutChange, Batch, Finding, Recording, Statement. Idempotent. Returns how many rows changed.
    """
    own = Payout.objects.filter(customer_id__in=customer_ids).order_by()
    changes = PayoutChange.objects.filter(payout__in=own.values("pk")).exclude(note="")
    count = redact_rows(changes, ("note",), words)
    count += redact_rows(Batch.objects.filter(pk__in=own.values("batch_id")), ("note",), words)
    about = Finding.objects.filter(payout__in=own.values("pk"))
    count += redact_rows(about, ("note", "details"), words)
    count += redact_rows(Recording.objects.filter(finding__in=about.values("pk")), ("note", "reference"), words)
    count += redact_rows(Batch.objects.exclude(note=""), ("note",), words.certain)
    count += redact_rows(Finding.objects.all(), ("note", "details"), words.certain)
    count += redact_rows(Recording.objects.all(), ("note",), words.certain)
    return count + redact_rows(Statement.objects.all(), ("name",), words.certain)
