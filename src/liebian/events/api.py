"""The tracking API: messages of the Segment HTTP specification in, a receipt out once they are durable."""

from __future__ import annotations

from typing import Any

from django.db import OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.request import RawPostDataException, UnreadablePostError
from django.views.decorators.csrf import csrf_exempt

from liebian.access.guard import public
from liebian.core import clock
from liebian.core.errors import Invalid, LiebianError, Unavailable
from liebian.core.texts import mark as _
from liebian.events import schemas
from liebian.events.queries import find_source_by_key
from liebian.events.rules import Draft, parse_message
from liebian.events.schemas import Refused
from liebian.events.services import insert_drafts
from liebian.events.types import Receipt, SourceView


@public
@csrf_exempt
def record(request: HttpRequest, kind: str) -> HttpResponse:
    """One message (or, for `batch`, many). Answers 200 only after the commit."""
    if request.method == "OPTIONS":
        return _with_cors(HttpResponse(status=204))
    try:
        receipt = _record(request, kind)
    except LiebianError as error:
        return _with_cors(_refusal(error))
    return _with_cors(JsonResponse({"accepted": receipt.accepted, "duplicates": receipt.duplicates}))


def _record(request: HttpRequest, kind: str) -> Receipt:
    if request.method != "POST":
        raise Refused(405, "bad_method", _("Use POST."))
    limit = schemas.MAX_BATCH if kind == "batch" else schemas.MAX_EVENT
    schemas.check_content_type(request.content_type or "")
    body = schemas.decode_object(
        schemas.unpack(_read(request, limit), request.headers.get("Content-Encoding", ""), limit)
    )
    source = _authenticate(request, body)
    messages = schemas.read_batch(body) if kind == "batch" else [schemas.read_single(kind, body)]
    now = clock.now()
    drafts = _parse(messages, source, now, is_batch=kind == "batch")
    try:
        return insert_drafts(drafts, source=source.name, received_at=now)
    except OperationalError:
        raise Unavailable(
            "log_busy", _("The event log is busy. Nothing was written: send the same body again.")
        ) from None


def _read(request: HttpRequest, limit: int) -> bytes:
    declared = request.META.get("CONTENT_LENGTH") or "0"
    if declared.isdigit() and int(declared[:18]) > limit:
        raise schemas.too_large(limit)
    try:
        return request.read(limit + 1)
    except (UnreadablePostError, RawPostDataException, OSError):
        raise Refused(400, "body_unreadable", _("The body broke off. Send it again.")) from None


def _authenticate(request: HttpRequest, body: dict[str, Any]) -> SourceView:
    key = schemas.read_basic_user(request.headers.get("Authorization", "")) or body.get("writeKey")
    if not isinstance(key, str) or not key.isprintable() or len(key) > 64:
        raise Refused(401, "write_key_missing", _("Send the source's write key as HTTP Basic user or as writeKey."))
    source = find_source_by_key(key)
    if source is None or not source.is_enabled:
        raise Refused(401, "write_key_unknown", _("No active source has this write key. See the page Sources."))
    return source


def _parse(messages: list[Any], source: SourceView, now: Any, *, is_batch: bool) -> list[Draft]:
    """All or nothing: one bad message refuses the batch, and the answer names every bad one."""
    drafts: list[Draft] = []
    refused: list[dict[str, Any]] = []
    for index, message in enumerate(messages):
        try:
            drafts.append(parse_message(schemas.check_public(message), source=source.name, received_at=now))
        except Invalid as error:
            if not is_batch:
                raise
            refused.append({"index": index, "code": error.code, "message": error.message})
    if refused:
        raise Invalid(
            "batch_refused",
            _(
                "%(n_refused)s of %(n_messages)s messages cannot be kept, so nothing was written. "
                "Mend them and send all again."
            ),
            n_refused=len(refused),
            n_messages=len(messages),
            messages=refused,
        )
    return drafts


def _refusal(error: LiebianError) -> HttpResponse:
    status = 413 if error.code == "event_too_large" else error.status
    body: dict[str, Any] = {
        "code": error.code,
        "message": error.message,
        **({"details": error.details} if error.details else {}),
    }
    response = JsonResponse({"error": body}, status=status)
    if status == 401:
        response["WWW-Authenticate"] = 'Basic realm="write key"'
    elif status == 405:
        response["Allow"] = "POST, OPTIONS"
    elif status == 503:
        response["Retry-After"] = "1"
    return response


def _with_cors(response: HttpResponse) -> HttpResponse:
    """Shops call from their own pages. The key in the request is the only right; no cookie is looked at."""
    response["Access-Control-Allow-Origin"] = "*"
    response["Access-Control-Allow-Methods"] = "POST, OPTIONS"
    response["Access-Control-Allow-Headers"] = "Authorization, Content-Type, Content-Encoding"
    response["Access-Control-Max-Age"] = "86400"
    return response
