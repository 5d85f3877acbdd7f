"""Template tags and filters of the visual language. They are built in: templates need no `{% load %}`."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django import template
from django.conf import settings
from django.forms import BoundField
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from liebian.core.ids import customer_number
from liebian.ui import formats
from liebian.ui.forms import render_widget
from liebian.ui.icons import render_icon

register = template.Library()

register.filter("number", formats.number)
register.filter("percent", formats.percent)
register.filter("money_short", formats.money_short)
register.filter("day", formats.day)
register.filter("moment", formats.moment)
register.filter("named", formats.named)
register.filter("clock_time", formats.clock_time)
register.filter("error_text", formats.error_text)


@register.simple_tag
def icon(name: str, label: str = "", extra: str = "") -> SafeString:
    """{% icon "home" %} beside a word, {% icon "eye" label=… %} alone."""
    return render_icon(name, label, extra) if name else SafeString("")


@register.filter
def money(amount: Any, currency: str = "") -> str:
    return formats.money(amount, currency)


@register.filter
def money_whole(amount: Any, currency: str = "") -> str:
    """Rounded to whole units, where cents are noise."""
    return formats.money(amount, currency, cents=False)


@register.filter
def interval(ends: Any, currency: str = "") -> str:
    """(low, high) → 158–458; with a currency the ends are minor units, shown in whole units."""
    if not ends or None in ends:
        return formats.NOTHING
    low, high = ends
    if currency:
        return formats.span(formats.money(low, currency, cents=False), formats.money(high, currency, cents=False))
    return formats.span(formats.number(low), formats.number(high))


@register.filter
def percent_interval(ends: Any, decimals: int = 1) -> str:
    """(0.016, 0.086) → 1.6%–8.6%."""
    if not ends or None in ends:
        return formats.NOTHING
    return formats.span(formats.percent(ends[0], decimals), formats.percent(ends[1], decimals))


@register.filter
def days_ago(value: date | datetime | None, as_of: date | datetime) -> str:
    return formats.days_ago(value, as_of)


@register.filter
def ago(value: datetime | None, now: datetime) -> str:
    return formats.ago(value, now)


@register.filter
def plain(value: Any) -> str:
    """Without grouping or translation: ids in addresses, numbers in CSS variables."""
    if isinstance(value, float):
        return f"{value:.2f}".rstrip("0").rstrip(".")
    return str(value)


@register.filter(name="customer_number")
def show_customer_number(customer_id: int) -> str:
    """How people name a customer: C-000123."""
    return customer_number(customer_id)


@register.filter
def get(mapping: Any, key: Any) -> Any:
    """mapping[key], or None."""
    return mapping.get(key) if mapping else None


@register.filter
def times_hundred(ratio: Any) -> str:
    """A share as a bar width: 0.395 → 39.5."""
    return plain(max(0.0, min(100.0, float(ratio or 0) * 100)))


@register.filter
def widget(field: BoundField) -> SafeString:
    """A form field's widget dressed for the page."""
    return render_widget(field)


@register.simple_tag
def time_zone() -> str:
    return str(settings.TIME_ZONE)


@register.simple_tag
def query(request: Any, **changes: Any) -> str:
    """The current query string with changes: {% query request tier="core" after=None %}. Every filter lives in the address."""
    values = request.GET.copy()
    for key, value in changes.items():
        values.pop(key, None)
        if value is not None and value != "":
            values[key] = plain(value)
    return f"?{values.urlencode()}"


@register.simple_tag
def interval_bar(
    low: Any,
    point: Any,
    high: Any,
    start: Any = 0,
    end: Any = 100,
    reference: Any = None,
    kind: str = "",
    label: str = "",
    tall: bool = False,
) -> SafeString:
    """The band, the point and, dashed, what to compare with; values are placed on the scale start…end."""
    if low in (None, "") or high in (None, "") or point in (None, ""):
        return SafeString("")
    places = {"lo": low, "at": point, "hi": high}
    if reference not in (None, ""):
        places["ref"] = reference
    style = format_html_join(
        ";", "--{}:{}", ((name, plain(formats.place(v, start, end))) for name, v in places.items())
    )
    css = " ".join(part for part in ("lb-iv", kind, "tall" if tall else "") if part)
    dashed = SafeString("<u></u>") if "ref" in places else SafeString("")
    spoken = label or formats.span(formats.number(low), formats.number(high))
    return format_html(
        '<span class="{}" style="{}" role="img" aria-label="{}"><i></i><b></b>{}</span>', css, style, spoken, dashed
    )
