"""What the state takes of a reward in money, and what a reward must cost so that the customer gets the whole of it. Plain Python.

Individual income tax of China: incidental income is taxed at 20 % of each receipt (Individual Income Tax Law, articles 3, 6 and 9); fees for
services, which commission is, at 20 to 40 % of what remains after a deduction, one month's fees of one payer taken together.
"""

from __future__ import annotations

from liebian.rewards.types import TaxRule

_SMALL, _DEDUCTION = 400_000, 80_000
_BANDS = ((5_000_000, 40, 700_000), (2_000_000, 30, 200_000), (0, 20, 0))


def tax_of(rule: TaxRule, gross_minor: int, *, month_gross: int = 0, month_tax: int = 0) -> int:
    """Tax of one receipt, in minor units, half up. `month_…` are this person's earlier receipts of the month, which only fees look at.

    >>> tax_of("none", 10_000), tax_of("incidental_withheld", 10_000), tax_of("incidental_on_top", 10_000)
    (0, 2000, 2000)
    >>> tax_of("fees_withheld", 100_000), tax_of("fees_withheld", 100_000, month_gross=100_000, month_tax=4_000)
    (4000, 20000)
    """
    if rule == "none":
        return 0
    if rule == "fees_withheld":
        return max(_tax_of_fees(month_gross + gross_minor) - month_tax, 0)
    return _incidental(gross_minor)


def gross_of(rule: TaxRule, face_minor: int) -> int:
    """What a reward of this face costs: more than its face where the tax is paid on top.

    >>> gross_of("incidental_withheld", 8_000), gross_of("incidental_on_top", 8_000)
    (8000, 10000)
    """
    if rule != "incidental_on_top":
        return face_minor
    gross = face_minor * 5 // 4
    while gross - _incidental(gross) < face_minor:
        gross += 1
    return gross


def _incidental(gross: int) -> int:
    return (gross * 2 + 5) // 10


def _tax_of_fees(month: int) -> int:
    taxable = max(month - _DEDUCTION, 0) if month <= _SMALL else month * 4 // 5
    rate, quick = next((rate, quick) for start, rate, quick in _BANDS if taxable > start or not start)
    return (taxable * rate + 50) // 100 - quick
