"""How to send from a page, a mini-programme or a server: code with the source's own key, to copy."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from liebian.access.guard import requires
from liebian.core.errors import NotFound
from liebian.events import install, queries
from liebian.events.types import INTERNAL_SOURCE, SourceView

_PLACES = {"web": gettext_lazy("Web page"), "wechat": gettext_lazy("WeChat mini-programme")}
_SAMPLES = {
    "web": gettext_lazy("One line in the head of every page: it records page views and clicks by itself"),
    "web-click": gettext_lazy("What a click means is written on the button"),
    "web-consent": gettext_lazy("Nothing is stored or sent before the visitor agrees"),
    "web-early": gettext_lazy("For calls of your own before the file has arrived"),
    "curl": gettext_lazy("By hand, or from any program that can send HTTP"),
    "wechat": gettext_lazy("Beside app.js; add this address to the request domains of the mini-programme"),
}


@requires("events:view")
def source_install(request: HttpRequest, source_id: int) -> HttpResponse:
    """Who may not manage sources sees the code without the key."""
    source = _find(source_id)
    place = request.GET.get("for", "")
    if place not in install.PLACES:
        place = "web"
    user: Any = request.user
    may_manage = user.may("access:manage")
    key = source.write_key if may_manage else install.KEY
    host = f"{request.scheme}://{request.get_host()}"
    library = _("With the Segment library for %(language)s, pointed at this address")
    samples = [
        {"code": sample.code, "title": _SAMPLES.get(sample.name) or library % {"language": install.PLACES[place][0]}}
        for sample in install.read_samples(place, host=host, key=key)
    ]
    tabs = [(name, _PLACES.get(name, words), name == place) for name, (words, _samples) in install.PLACES.items()]
    context = {
        "source": source, "samples": samples, "tabs": tabs, "may_manage": may_manage,
        "is_wechat": place == "wechat", "is_insecure": request.scheme == "http",
    }  # fmt: skip
    return render(request, "events/install.html", context)


def _find(source_id: int) -> SourceView:
    for source in queries.list_sources():
        if source.id == source_id and source.kind == "api" and source.name != INTERNAL_SOURCE:
            return source
    raise NotFound("source_not_found", gettext_noop("There is no such source."))
