"""What the state takes of a reward in money, and what a reward must cost so that the customer gets the whole of it, by the law of the day on
which it is paid. Plain Python.

Incidental income is taxed receipt by receipt; fees for services, which commission is, by what remains of them after a deduction, one
month's fees of one payer taken together.
"""

from __future__ import annotations

from datetime import date

from liebian.rewards.rules.tax_laws import tax_law_on
from liebian.rewards.types import TaxLaw, TaxRule


def tax_of(rule: TaxRule, gross_minor: int, *, on: date, month_gross: int = 0, month_tax: int = 0) -> int:
    """Tax of one receipt, in minor units, half up. `month_…` are this person's earlier receipts of the month, which only fees look at.

    >>> today = date(2026, 6, 1)
    >>> tax_of("none", 10_000, on=today), tax_of("incidental_withheld", 10_000, on=today)
    (0, 2000)
    >>> tax_of("fees_withheld", 100_000, on=today)
    4000
    >>> tax_of("fees_withheld", 100_000, on=today, month_gross=100_000, month_tax=4_000)
    20000
    """
    if rule == "none":
        return 0
    law = tax_law_on(on)
    if rule == "fees_withheld":
        return max(_tax_of_fees(law, month_gross + gross_minor) - month_tax, 0)
    return _share(gross_minor, law.incidental_percent)


def gross_of(rule: TaxRule, face_minor: int, *, on: date) -> int:
    """What a reward of this face costs: more than its face where the tax is paid on top.

    >>> today = date(2026, 6, 1)
    >>> gross_of("incidental_withheld", 8_000, on=today), gross_of("incidental_on_top", 8_000, on=today)
    (8000, 10000)
    """
    if rule != "incidental_on_top":
        return face_minor
    percent = tax_law_on(on).incidental_percent
    gross = face_minor * 100 // (100 - percent)
    while gross - _share(gross, percent) < face_minor:
        gross += 1
    return gross


def _tax_of_fees(law: TaxLaw, month: int) -> int:
    is_small = month <= law.fees_small_minor
    taxable = max(month - law.fees_deduction_minor, 0) if is_small else month * (100 - law.fees_free_percent) // 100
    band = next(band for band in law.fee_bands if taxable > band.over_minor or not band.over_minor)
    return _share(taxable, band.percent) - band.quick_minor


def _share(minor: int, percent: int) -> int:
    return (minor * percent + 50) // 100
