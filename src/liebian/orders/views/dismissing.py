"""Asking for the reason before something that waits leaves its list."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import ngettext

from liebian.core.errors import Invalid
from liebian.orders.forms import DismissForm
from liebian.ui.formats import error_text, number


@dataclass(frozen=True, slots=True)
class Dismissal:
    """How many events of which page are dismissed, and what that means. `hidden` names them in the form; `dismiss` takes the reason."""

    back: str
    pretitle: str
    count: int
    words: str
    hidden: list[tuple[str, str]]
    dismiss: Callable[[str], int]

    @property
    def title(self) -> str:
        words = ngettext("Dismiss %(shown)s order event?", "Dismiss %(shown)s order events?", self.count)
        return words % {"shown": number(self.count)}


def ask_and_dismiss(request: HttpRequest, what: Dismissal) -> HttpResponse:
    is_sent = request.method == "POST"
    form = DismissForm(request.POST if is_sent else None)
    if is_sent and form.is_valid():
        try:
            count = what.dismiss(form.cleaned_data["reason"])
        except Invalid as error:
            form.add_error("reason", error_text(error))
        else:
            words = ngettext("%(count)s order event is dismissed.", "%(count)s order events are dismissed.", count)
            messages.success(request, words % {"count": number(count)})
            return redirect(what.back)
    return render(request, "orders/dismiss.html", {"form": form, "what": what}, status=422 if is_sent else 200)
