"""The tariffs of individual income tax in China, oldest first. A new one is a new row: what was paid before keeps the row of its day.

Plain Python. Does not own how they are applied (`taxes`).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from liebian.core.texts import mark as _
from liebian.rewards.types import FeeBand, TaxLaw

LAWS: Sequence[TaxLaw] = (
    TaxLaw(
        valid_from=date(2019, 1, 1),
        source=_(
            "Individual Income Tax Law as amended in 2018, articles 3 and 6; Announcement 61 of 2018 of the State Taxation Administration, article 8 and withholding table 2"
        ),
        incidental_percent=20,
        fees_small_minor=400_000,
        fees_deduction_minor=80_000,
        fees_free_percent=20,
        fee_bands=(FeeBand(5_000_000, 40, 700_000), FeeBand(2_000_000, 30, 200_000), FeeBand(0, 20, 0)),
    ),
)


def tax_law_on(day: date) -> TaxLaw:
    """The law for what is paid on this day; before the first one that is known, that one."""
    return next((law for law in reversed(LAWS) if law.valid_from <= day), LAWS[0])
