"""Renders templates the way a view would, without a database: a person who may everything, or nobody."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from django.http import HttpRequest
from django.template import engines
from django.template.loader import render_to_string
from django.test import RequestFactory, override_settings
from django.utils import translation

SIGNED_IN = SimpleNamespace(
    is_authenticated=True,
    display_name="Chen Mo",
    role_label="",
    get_username=lambda: "chenmo",
    may=lambda permission: True,
)
NOBODY = SimpleNamespace(is_authenticated=False)
SHOP = SimpleNamespace(name="Shiye Tea")


def a_request(path: str = "/", user: Any = SIGNED_IN) -> HttpRequest:
    request = RequestFactory().get(path)
    request.user = user
    return request


PLAIN_NAMES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
NO_ROUTES = override_settings(ROOT_URLCONF="liebian.ui.tests.urls", STORAGES=PLAIN_NAMES)


@NO_ROUTES
def render_page(template: str, *, user: Any = SIGNED_IN, language: str = "en", **context: Any) -> str:
    with translation.override(language):
        return render_to_string(template, {"organisation": SHOP, "user": user, **context}, a_request(user=user))


@NO_ROUTES
def render_source(source: str, **context: Any) -> str:
    """A piece of template with components in it."""
    from django_cotton.compiler_regex import CottonCompiler

    compiled = CottonCompiler().process(source)
    with translation.override("en"):
        return str(engines["django"].from_string(compiled).render(context, a_request()))
