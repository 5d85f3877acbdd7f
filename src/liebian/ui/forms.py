"""Renders Django's forms with our markup: label, widget, help and error at the field, tied together for screen readers.

Set as `FORM_RENDERER`. Does not own any form.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from django.forms import BoundField, widgets
from django.forms.renderers import BaseRenderer, DjangoTemplates
from django.template import loader
from django.utils.safestring import SafeString, mark_safe

_OWN_WIDGETS = {
    "django/forms/widgets/radio.html": "ui/forms/options.html",
    "django/forms/widgets/checkbox_select.html": "ui/forms/options.html",
}


@lru_cache(maxsize=1)
def _django_templates() -> DjangoTemplates:
    return DjangoTemplates()


class Renderer(BaseRenderer):
    """Ours for forms, fields and lists of choices; Django's own templates for all other widgets."""

    form_template_name = "ui/forms/form.html"
    field_template_name = "ui/forms/field.html"

    def get_template(self, template_name: str) -> Any:
        ours = _OWN_WIDGETS.get(template_name, template_name)
        if ours.startswith("ui/"):
            return loader.get_template(ours)
        return _django_templates().get_template(template_name)


def widget_class(widget: widgets.Widget) -> str:
    if isinstance(widget, widgets.CheckboxInput | widgets.RadioSelect | widgets.CheckboxSelectMultiple):
        return "form-check-input"
    if isinstance(widget, widgets.Select):
        return "form-select"
    if getattr(widget, "input_type", "") == "range":
        return "form-range"
    return "form-control"


def render_widget(field: BoundField) -> SafeString:
    """The widget with our class, marked and described where the field has an error."""
    classes = [field.field.widget.attrs.get("class", ""), widget_class(field.field.widget)]
    if field.errors:
        classes.append("is-invalid")
    attrs: dict[str, str | bool] = {"class": " ".join(part for part in classes if part)}
    described = [f"{field.auto_id}_error"] if field.errors else []
    if field.help_text:
        described.append(f"{field.auto_id}_helptext")
    if described and field.auto_id:
        attrs["aria-describedby"] = " ".join(described)
    return mark_safe(field.as_widget(attrs=attrs))
