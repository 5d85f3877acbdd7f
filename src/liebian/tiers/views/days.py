"""The day a page is asked about."""

from __future__ import annotations

from datetime import date, datetime

from django.conf import settings
from django.http import HttpRequest

from liebian.core import clock
from liebian.core.days import day_of
from liebian.core.errors import Invalid
from liebian.core.texts import mark as _


def today(now: datetime | None = None) -> date:
    return day_of(now or clock.now(), settings.TIME_ZONE)


def read_day(request: HttpRequest) -> date:
    """`as_of` from the address; today when it is left out. Raises Invalid for anything that is not a day up to today."""
    text = request.GET.get("as_of", "")
    if not text:
        return today()
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise Invalid("bad_day", _("“%(text)s” is not a day. Write it like 2026-06-12."), text=text[:40]) from None
    if day > today():
        raise Invalid(
            "day_not_reached", _("%(day)s has not come yet. Choose today or an earlier day."), day=day.isoformat()
        )
    return day
