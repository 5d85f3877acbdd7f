"""The door of every page and API operation: which right it needs.

`requires("customers:view")` lets in users whose role has the right; `public` lets in everybody. Each leaves its answer on
the view as `.permission`, so that tests can find a view that says nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import wraps
from typing import Any, ParamSpec, Protocol, cast

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import resolve_url
from django.urls import URLPattern, URLResolver

from liebian.access.labels import label_of
from liebian.access.permissions import PERMISSIONS
from liebian.core.errors import NotAllowed
from liebian.core.texts import mark as _

PUBLIC = "public"
_API = "/v1/"
P = ParamSpec("P")


class View(Protocol):
    permission: str

    def __call__(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase: ...


def public(view: Callable[..., HttpResponseBase]) -> View:
    """Open to everybody, signed in or not."""
    marked = cast(View, view)
    marked.permission = PUBLIC
    return marked


def requires(permission: str) -> Callable[[Callable[..., HttpResponseBase]], View]:
    """Open to signed-in users whose role has the right. Others get the sign-in page, or an error that says why."""
    if permission not in PERMISSIONS:
        raise KeyError(f"No permission is called {permission!r}. They are listed in liebian/access/permissions.py.")

    def decorate(view: Callable[..., HttpResponseBase]) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            user: Any = request.user
            if not user.is_authenticated:
                return _ask_to_sign_in(request)
            if not user.may(permission):
                raise NotAllowed(
                    "not_allowed",
                    _("Your role does not include “%(right)s”. An administrator can change that."),
                    right=label_of(PERMISSIONS[permission]),
                    permission=permission,
                )
            return view(request, *args, **kwargs)

        marked = cast(View, guarded)
        marked.permission = permission
        return marked

    return decorate


def _ask_to_sign_in(request: HttpRequest) -> HttpResponse:
    if request.path.startswith(_API):
        raise NotAllowed("signed_out", _("This address needs a signed-in user. Sign in, then ask again."))
    if request.headers.get("HX-Request") == "true":
        # A fragment must not be filled with the sign-in page: the whole window goes there.
        return HttpResponse(status=401, headers={"HX-Redirect": resolve_url("access:login")})
    if request.method in {"GET", "HEAD"}:
        return redirect_to_login(request.get_full_path())
    return redirect_to_login("/")


def walk_urls(
    patterns: Sequence[URLPattern | URLResolver], prefix: str = "", converters: dict[str, Any] | None = None
) -> Iterator[tuple[str, URLPattern, dict[str, Any]]]:
    """Every address below `patterns`: its route, its pattern and the converters of its parameters."""
    outer = converters or {}
    for entry in patterns:
        route, known = prefix + str(entry.pattern), {**outer, **entry.pattern.converters}
        if isinstance(entry, URLResolver):
            yield from walk_urls(entry.url_patterns, route, known)
        else:
            yield route, entry, known


def find_undeclared(patterns: Sequence[URLPattern | URLResolver]) -> list[str]:
    """Addresses whose view says neither `requires` nor `public`."""
    known = {PUBLIC, *PERMISSIONS}
    return [
        route
        for route, entry, _converters in walk_urls(patterns)
        if getattr(entry.callback, "permission", None) not in known
    ]
