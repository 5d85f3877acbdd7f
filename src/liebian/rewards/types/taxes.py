"""Tax law as figures, each from a day on. Plain Python."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class FeeBand:
    """The rate of what is taxable in a month, if that is more than `over_minor`; `quick_minor` is deducted from the tax."""

    over_minor: int
    percent: int
    quick_minor: int


@dataclass(frozen=True, slots=True)
class TaxLaw:
    """What holds for money that is paid from the first of a month on. `source` is a marked text.

    Of fees of a month up to `fees_small_minor`, `fees_deduction_minor` is not taxed; of more, `fees_free_percent`. Bands from the highest.
    """

    valid_from: date
    source: str
    incidental_percent: int
    fees_small_minor: int
    fees_deduction_minor: int
    fees_free_percent: int
    fee_bands: tuple[FeeBand, ...]
