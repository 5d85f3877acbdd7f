"""Turns the product's errors into answers: a page for people, JSON for programs. Nothing shows a stack trace."""

from __future__ import annotations

from collections.abc import Callable

import structlog
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render

from liebian.core.errors import Invalid, LiebianError, NotFound, Unavailable
from liebian.core.texts import mark as _

log = structlog.get_logger("pages")


class ErrorPages:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        answer = self.get_response(request)
        if answer.status_code == 404 and _is_for_programs(request) and answer["Content-Type"] != "application/json":
            return _as_json(NotFound("address_not_found", _("There is no such operation. Look at the address.")))
        return answer

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        known = _known(error)
        if known is None:
            return None
        if _is_for_programs(request):
            return _as_json(known)
        return render(request, "ui/error.html", {"error": known}, status=known.status)


def _is_for_programs(request: HttpRequest) -> bool:
    return request.path.startswith("/v1/")


def _as_json(error: LiebianError) -> HttpResponse:
    body = {"error": {"code": error.code, "message": error.message, "details": error.details}}
    return JsonResponse(body, status=error.status)


def _known(error: Exception) -> LiebianError | None:
    """The product's own errors as they are, and the library's where a reader can do something about them."""
    if isinstance(error, LiebianError):
        return error
    from liebian_analytics.errors import RuleError, SchemaMismatch

    if isinstance(error, RuleError):
        return Invalid(
            "bad_rule",
            _("The condition at %(path)s cannot be used. Change it, then ask again."),
            path=error.path or "$",
            reason=error.reason,
        )
    if isinstance(error, SchemaMismatch):
        log.error("history_mismatch", error=str(error))
        return Unavailable(
            "history_mismatch",
            _(
                "The history on file does not fit this page yet. The worker brings it up to date; ask again in a minute."
            ),
            said=str(error),
        )
    return None
