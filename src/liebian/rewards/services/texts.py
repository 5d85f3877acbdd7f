"""What staff wrote about people's rewards, and what checkouts were told, when somebody of whom it speaks is erased."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import Q

from liebian.core.redacted_rows import redact_rows
from liebian.core.redaction import Words
from liebian.rewards.models import (
    Alarm,
    Budget,
    CheckoutAnswer,
    Parcel,
    PointsLot,
    PointsProposal,
    PointsUse,
    Redemption,
    Review,
    RewardChange,
)

_REVIEW = ("note", "decision_note")


def redact_texts(*, customer_ids: Sequence[int], words: Words) -> int:
    """Take what names these people out of the notes about them; out of texts that need not be about them only what is nobody else's.

    The rest of each text stays. Writes RewardChange, Review, PointsProposal, PointsLot, PointsUse, Parcel, Redemption, Alarm, Budget,
    CheckoutAnswer (a repeat is told the answer without the words). Idempotent. Returns how many rows changed.
    """
    own = Q(customer_id__in=customer_ids)
    notes = RewardChange.objects.filter(reward__customer_id__in=customer_ids).exclude(note="")
    count = redact_rows(notes, ("note",), words)
    of_points = Q(pk__in=PointsProposal.objects.filter(own).values("review_id"))
    of_rewards = Q(items__reward__customer_id__in=customer_ids)
    about = set(Review.objects.filter(of_points | of_rewards).values_list("pk", flat=True))
    count += redact_rows(Review.objects.filter(pk__in=about), _REVIEW, words)
    count += redact_rows(PointsProposal.objects.filter(own), ("details",), words)
    count += redact_rows(PointsLot.objects.filter(own), ("trace",), words)
    count += redact_rows(PointsUse.objects.filter(own), ("note", "subject"), words)
    count += redact_rows(Parcel.objects.filter(own), ("carrier", "tracking"), words)
    count += redact_rows(Redemption.objects.filter(own), ("lines", "gift"), words)
    count += redact_rows(Review.objects.exclude(note="", decision_note=""), _REVIEW, words.certain)
    count += redact_rows(Alarm.objects.exclude(note=""), ("note",), words.certain)
    count += redact_rows(Budget.objects.all(), ("closures",), words.certain)
    return count + redact_rows(CheckoutAnswer.objects.all(), ("answer",), words.certain)
