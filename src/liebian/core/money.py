"""Money as integer minor units with a currency. No float ever holds an amount.

>>> to_minor("396.10", "CNY"), to_minor(12, "JPY")
(39610, 12)
>>> Money(39610, "CNY").format()
'¥396.10'
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation, Overflow
from functools import lru_cache

from liebian.core.errors import Invalid
from liebian.core.texts import mark as _

_EXPONENTS = {
    "BHD": 3,
    "CLP": 0,
    "IQD": 3,
    "ISK": 0,
    "JOD": 3,
    "JPY": 0,
    "KRW": 0,
    "KWD": 3,
    "OMR": 3,
    "TND": 3,
    "VND": 0,
}
_SYMBOLS = {"CNY": "¥", "EUR": "€", "GBP": "£", "JPY": "JP¥", "USD": "$", "HKD": "HK$"}
MAX_MINOR = 10**15
_MOST_DIGITS = 15


def is_currency_code(text: str) -> bool:
    """Whether a text looks like an ISO 4217 code.

    >>> [is_currency_code(each) for each in ("CNY", "cny", "人民币", "")]
    [True, False, False, False]
    """
    return len(text) == 3 and text.isascii() and text.isalpha() and text.isupper()


def exponent(currency: str) -> int:
    return _EXPONENTS.get(currency, 2)


def to_minor(amount: object, currency: str) -> int:
    """Decimal amount to minor units, half to even. Floats go through their shortest text, so 0.1 is 0.1.

    Raises Invalid "bad_amount" for anything that is not an amount.
    """
    if isinstance(amount, bool) or not isinstance(amount, str | int | float | Decimal):
        raise Invalid("bad_amount", _("'%(amount)s' is not an amount of money."), amount=str(amount)[:40])
    return _to_minor(amount, currency)


@lru_cache(maxsize=65_536)
def _to_minor(amount: str | int | float | Decimal, currency: str) -> int:
    try:
        value = Decimal(str(amount)).scaleb(exponent(currency)).quantize(Decimal(1), ROUND_HALF_EVEN)
    except (InvalidOperation, Overflow):
        raise Invalid("bad_amount", _("'%(amount)s' is not an amount of money."), amount=str(amount)[:40]) from None
    if not value.is_finite() or abs(value) > MAX_MINOR:
        raise Invalid(
            "bad_amount", _("'%(amount)s' is not an amount of money that we can hold."), amount=str(amount)[:40]
        )
    return int(value)


def fits_currency(amount: Decimal, currency: str) -> bool:
    """Whether an amount has no more decimals than its currency and is not more than we can hold.

    >>> [fits_currency(Decimal(each), "CNY") for each in ("8.88", "0.001", "1e999999", "NaN")]
    [True, False, False, False]
    """
    if not amount.is_finite() or amount.adjusted() > _MOST_DIGITS:
        return False
    return (
        -int(amount.as_tuple().exponent) <= exponent(currency) and abs(amount.scaleb(exponent(currency))) <= MAX_MINOR
    )


def to_amount(minor: int, currency: str) -> Decimal:
    """Whole currency units, with the decimals that the currency has: for forms and files.

    >>> str(to_amount(39610, "CNY")), str(to_amount(12, "JPY"))
    ('396.10', '12')
    """
    return Decimal(minor).scaleb(-exponent(currency))


def has_cents(amount_minor: int, currency: str) -> bool:
    """Whether an amount is no whole number of the currency's units.

    >>> has_cents(1500, "CNY"), has_cents(1500, "KWD"), has_cents(1501, "JPY")
    (False, True, False)
    """
    return bool(amount_minor % 10 ** exponent(currency))


def format_minor(amount_minor: int, currency: str, *, cents: bool = True) -> str:
    """For people: ¥1,234.50; without cents the amount is rounded to whole units."""
    digits = exponent(currency) if cents else 0
    value = Decimal(amount_minor).scaleb(-exponent(currency))
    sign = "−" if value < 0 else ""
    return f"{sign}{_SYMBOLS.get(currency, currency + ' ')}{abs(value):,.{digits}f}"


@dataclass(frozen=True, slots=True, order=True)
class Money:
    amount_minor: int
    currency: str

    def __add__(self, other: Money) -> Money:
        if other.currency != self.currency:
            raise Invalid(
                "mixed_currencies", _("%(other)s cannot be added to %(own)s."), other=other.currency, own=self.currency
            )
        return Money(self.amount_minor + other.amount_minor, self.currency)

    def format(self, *, cents: bool = True) -> str:
        return format_minor(self.amount_minor, self.currency, cents=cents)
