"""Turns the product's errors into answers: a page for people, JSON for programs. Nothing shows a stack trace."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render

from liebian.core.errors import LiebianError


class ErrorPages:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if not isinstance(error, LiebianError):
            return None
        if request.path.startswith("/v1/"):
            body = {"error": {"code": error.code, "message": error.message, "details": error.details}}
            return JsonResponse(body, status=error.status)
        return render(request, "ui/error.html", {"error": error}, status=error.status)
