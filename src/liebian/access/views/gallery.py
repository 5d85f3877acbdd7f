"""The component gallery. It is mounted here because `ui` lies below access and knows no rights."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from liebian.access.guard import requires
from liebian.ui.gallery import gallery_context


@requires("ui:gallery")
def gallery(request: HttpRequest) -> HttpResponse:
    return render(request, "ui/gallery.html", gallery_context())
