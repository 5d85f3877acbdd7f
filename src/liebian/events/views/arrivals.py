"""One arrival as a row that people read: its outcome, what was found, and its day when that is not today."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.conf import settings

from liebian.core.days import day_of
from liebian.events.inbox.types import REFUSED, Arrival
from liebian.events.reasons import ARRIVALS, findings_text, refusal_text
from liebian.ui.formats import day


def arrival_row(arrival: Arrival, today: date) -> dict[str, Any]:
    label, tone, icon = ARRIVALS[arrival.kind]
    is_refused = arrival.kind == REFUSED
    words = refusal_text(arrival.code, arrival.details) if is_refused else findings_text(arrival.findings)
    is_older = day_of(arrival.received_at, settings.TIME_ZONE) != today
    return {
        "arrival": arrival, "label": label, "tone": tone, "icon": icon, "words": words,
        "day": day(arrival.received_at) if is_older else "",
    }  # fmt: skip
