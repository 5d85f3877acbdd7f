"""JSON operations for programs: where their key stands, how they are answered and refused. No business words."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

import msgspec
import structlog
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse

from liebian.core.errors import Invalid, LiebianError, Unavailable
from liebian.core.texts import mark as _

log = structlog.get_logger("api")
Answer = tuple[int, dict[str, Any]]


class Refused(LiebianError):
    """The request itself does not fit: its method, its headers, its size."""

    def __init__(self, status: int, code: str, msgid: str, /, **details: Any) -> None:
        super().__init__(code, msgid, **details)
        self.status = status


def read_key(header: str) -> str:
    """The key of an Authorization header, as Bearer token or as user of HTTP Basic; empty when there is none that can be one.

    >>> read_key("Bearer sk_1"), read_key("Basic c2tfMTo="), read_key("Basic ???"), read_key("sk_1")
    ('sk_1', 'sk_1', '', '')
    """
    kind, _space, value = header.partition(" ")
    key = value.strip()
    if kind.lower() == "basic":
        try:
            key = base64.b64decode(key, validate=True).decode().partition(":")[0]
        except (binascii.Error, ValueError):
            key = ""
    elif kind.lower() != "bearer":
        key = ""
    return key if key.isascii() and len(key) <= 64 else ""


def read_body(request: HttpRequest, most: int) -> bytes:
    """Raises Refused "bad_content_type", "body_too_large"."""
    if request.content_type != "application/json":
        raise Refused(415, "bad_content_type", _("Send JSON, with the content type application/json."))
    raw = request.read(most + 1)
    if len(raw) > most:
        raise Refused(413, "body_too_large", _("A body has at most %(limit)s bytes."), limit=most)
    return raw


class BadBody(Invalid):
    """The body is no JSON."""

    status = 400


Body = TypeVar("Body", bound=msgspec.Struct)


def decode(raw: bytes, kind: type[Body]) -> Body:
    """Raises BadBody "bad_json", Invalid "bad_body" with the place of what does not fit."""
    try:
        return msgspec.json.decode(raw, type=kind)
    except msgspec.ValidationError as error:
        text, _sep, place = str(error).partition(" - at `")
        raise Invalid(
            "bad_body", _("The body does not fit at %(place)s: %(said)s."), place=place.rstrip("`") or "$", said=text
        ) from None
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        raise BadBody("bad_json", _("The body is no JSON. Nothing was done.")) from None


def say_error(error: LiebianError) -> dict[str, Any]:
    return {"error": {"code": error.code, "message": error.message, "details": error.details}}


def operation(
    method: str, *, realm: str, tell: Callable[[LiebianError], dict[str, Any]] = say_error
) -> Callable[[Callable[..., Answer]], Callable[..., HttpResponse]]:
    """A view that answers (status, JSON); errors are told by `tell`, and a busy database asks to be asked again."""

    def decorate(act: Callable[..., Answer]) -> Callable[..., HttpResponse]:
        @wraps(act)
        def view(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            try:
                if request.method != method:
                    raise Refused(405, "bad_method", _("Use %(method)s."), method=method)
                status, body = act(request, *args, **kwargs)
            except LiebianError as error:
                return _refuse(error, tell(error), method, realm)
            except OperationalError as error:
                log.warning("database_busy", error=str(error)[:200])
                busy = Unavailable("busy", _("The database is busy. Nothing was done: send the same request again."))
                return _refuse(busy, tell(busy), method, realm)
            return _send(body, status)

        return view

    return decorate


def _send(body: dict[str, Any], status: int) -> HttpResponse:
    """In one order of names, so that a repeat has the same answer to the byte."""
    return JsonResponse(body, status=status, json_dumps_params={"sort_keys": True})


def _refuse(error: LiebianError, told: dict[str, Any], method: str, realm: str) -> HttpResponse:
    response = _send(told, error.status)
    if error.status == 401:
        response["WWW-Authenticate"] = f'Bearer realm="{realm}"'
    if error.status == 405:
        response["Allow"] = method
    if error.status in (429, 503):
        response["Retry-After"] = str(error.details.get("seconds", 1))
    return response
