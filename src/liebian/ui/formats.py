"""How numbers, money, days and spans read in the language of the page.

Owns the notation only. Nothing here reads the clock: what is "now" is always an argument.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.dateformat import format as format_date
from django.utils.translation import get_language, gettext, ngettext

from liebian.core.days import day_of
from liebian.core.errors import LiebianError
from liebian.core.made_texts import read_made
from liebian.core.money import Money, exponent, format_minor
from liebian.core.texts import Term, fill

NOTHING = "—"
Number = int | float | Decimal


def is_chinese() -> bool:
    return (get_language() or "").startswith("zh")


def error_text(error: LiebianError) -> str:
    """What happened and what to do, in the reader's language. `str(error)` says the same in English, for programs."""
    return _translated(error.msgid, error.details)


def term_text(term: Term) -> str:
    return _translated(term.msgid, term.values)


def named(name: str) -> str:
    """A name as its reader's language says it where we made it from figures; a name that somebody gave stays."""
    told = read_made(name)
    return term_text(told) if isinstance(told, Term) else name


def _translated(msgid: str, values: Mapping[str, Any]) -> str:
    told = {name: _in_own_words(value) for name, value in values.items()}
    return fill(gettext(msgid) if msgid else "", told, separator="、" if is_chinese() else ", ")


def _in_own_words(value: Any) -> Any:
    if isinstance(value, Term):
        return term_text(value)
    return [_in_own_words(item) for item in value] if isinstance(value, list | tuple) else value


def number(value: Number | None, decimals: int | None = None) -> str:
    """1234.5 → 1,234.5. Whole numbers show no decimals unless asked."""
    if value is None or value == "":
        return NOTHING
    if decimals is None:
        decimals = 0 if value == int(value) else 1
    text = f"{abs(value):,.{decimals}f}"
    return f"−{text}" if value < 0 and text.strip("0.,") else text


def percent(ratio: Number | None, decimals: int = 1) -> str:
    """0.384 → 38.4%."""
    return NOTHING if ratio is None else f"{number(float(ratio) * 100, decimals)}%"


def _parts(amount: int | Money | None, currency: str) -> tuple[int | None, str]:
    if isinstance(amount, Money):
        return amount.amount_minor, amount.currency
    return amount, currency


def money(amount: int | Money | None, currency: str = "", *, cents: bool = True) -> str:
    """Minor units (or Money) to text: 123450, "CNY" → ¥1,234.50."""
    minor, currency = _parts(amount, currency)
    if minor is None:
        return NOTHING
    if not currency:
        return number(minor)
    return format_minor(int(minor), currency, cents=cents)


def money_short(amount: int | Money | None, currency: str = "") -> str:
    """Large sums at a glance: ¥9.8 万 in Chinese, ¥98.0k in English; small sums in whole units."""
    minor, currency = _parts(amount, currency)
    if minor is None or not currency:
        return money(minor, currency)
    units = abs(Decimal(minor).scaleb(-exponent(currency)))
    steps = ((10**8, " 亿"), (10**4, " 万")) if is_chinese() else ((10**6, "m"), (10**4, "k"))
    for step, word in steps:
        if units >= step:
            divisor = 1000 if word == "k" else step
            symbol = format_minor(0, currency, cents=False).removesuffix("0")
            return f"{'−' if minor < 0 else ''}{symbol}{units / divisor:,.1f}{word}"
    return format_minor(int(minor), currency, cents=False)


def span(low: Any, high: Any) -> str:
    """Two already formatted ends: 158–458, or −49 to 141 where a dash would read as a minus."""
    if "−" in str(low) or "−" in str(high):
        return gettext("%(low)s to %(high)s") % {"low": low, "high": high}
    return f"{low}–{high}"


def _local(moment: datetime) -> datetime:
    return timezone.localtime(moment, timezone.get_default_timezone())


def day(value: date | datetime | None) -> str:
    """12 Jun 2026, 2026年6月12日. A moment is shown as its business day."""
    if value is None:
        return NOTHING
    if isinstance(value, datetime):
        value = _local(value).date()
    return format_date(value, "Y年n月j日" if is_chinese() else "j M Y")


def moment(value: date | datetime | None) -> str:
    """12 Jun 2026 10:24 in the organisation's time zone; a plain date stays a date."""
    if not isinstance(value, datetime):
        return day(value)
    local = _local(value)
    return format_date(local, "Y年n月j日 H:i" if is_chinese() else "j M Y H:i")


def clock_time(value: datetime | None) -> str:
    return NOTHING if value is None else format_date(_local(value), "H:i")


def days_ago(value: date | datetime | None, as_of: date | datetime) -> str:
    """Whole business days before the last day that `as_of` (exclusive) still covers."""
    if value is None:
        return NOTHING
    zone = settings.TIME_ZONE
    then = day_of(value, zone) if isinstance(value, datetime) else value
    last = day_of(as_of - timedelta(microseconds=1), zone) if isinstance(as_of, datetime) else as_of
    gap = (last - then).days
    if gap < 0:
        return day(value)
    if gap == 0:
        return gettext("today")
    return ngettext("%(count)s day ago", "%(count)s days ago", gap) % {"count": number(gap)}


def ago(value: datetime | None, now: datetime) -> str:
    """How fresh something is: 38 seconds ago, 5 minutes ago, 3 hours ago; days beyond that."""
    if value is None:
        return gettext("never")
    seconds = max(0, int((now.astimezone(UTC) - value.astimezone(UTC)).total_seconds()))
    if seconds < 60:
        return ngettext("%(count)s second ago", "%(count)s seconds ago", seconds) % {"count": seconds}
    if seconds < 3600:
        minutes = seconds // 60
        return ngettext("%(count)s minute ago", "%(count)s minutes ago", minutes) % {"count": minutes}
    if seconds < 86400:
        hours = seconds // 3600
        return ngettext("%(count)s hour ago", "%(count)s hours ago", hours) % {"count": hours}
    days = seconds // 86400
    return ngettext("%(count)s day ago", "%(count)s days ago", days) % {"count": number(days)}


def place(value: Number, start: Number, end: Number) -> float:
    """Position of a value on a scale, in percent, kept inside it."""
    width = float(end) - float(start)
    share = (float(value) - float(start)) / width * 100 if width else 0.0
    return round(min(100.0, max(0.0, share)), 2)
