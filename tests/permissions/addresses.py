"""Every address of the installation with sample values in it, and how a refusal looks."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import resolve_url
from django.urls import get_resolver
from django.urls.converters import IntConverter, PathConverter, SlugConverter, StringConverter, UUIDConverter

from liebian.access.guard import walk_urls

# Ids that belong to nobody: a page that is allowed answers "not found", one that is not must not get so far.
SAMPLES: dict[type, Any] = {
    IntConverter: 999_999_999,
    SlugConverter: "x",
    StringConverter: "x",
    PathConverter: "x",
    UUIDConverter: uuid.UUID(int=0),
}
_PARAMETER = re.compile(r"<(?:\w+:)?(?P<name>\w+)>")


@dataclass(frozen=True)
class Address:
    route: str
    path: str
    permission: str | None


def sample_of(converter: Any) -> str:
    """A value in an address for this converter; converters of our own say theirs as `sample`."""
    value = getattr(converter, "sample", SAMPLES.get(type(converter)))
    if value is None:
        raise LookupError(f"Give {type(converter).__name__} a `sample`, so that its addresses can be tested.")
    return str(converter.to_url(value))


def path_of(route: str, converters: dict[str, Any]) -> str:
    """The address with its parameters filled in."""
    return "/" + _PARAMETER.sub(lambda found: sample_of(converters[found["name"]]), route)


def list_addresses() -> list[Address]:
    found = []
    for route, entry, converters in walk_urls(get_resolver().url_patterns):
        permission = getattr(entry.callback, "permission", None)
        found.append(Address(route, path_of(route, converters), permission))
    return found


def asks_to_sign_in(response: HttpResponse) -> bool:
    login = resolve_url(settings.LOGIN_URL)
    return response.status_code == 302 and response["Location"].split("?")[0] == login
