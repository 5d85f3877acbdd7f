"""Every error that people or programs may see. Each has a stable `code`; the edge maps the class to an HTTP status."""

from __future__ import annotations

from typing import Any


class LiebianError(Exception):
    """Base. `code` is stable and machine readable; `message` is for people; `details` is JSON-able."""

    status = 500

    def __init__(self, code: str, message: str, **details: Any) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.details = details


class Invalid(LiebianError):
    """The request cannot be understood or breaks a rule."""

    status = 422


class NotFound(LiebianError):
    """The thing does not exist, or this user may not know that it does."""

    status = 404


class NotAllowed(LiebianError):
    """This user has no right to do it."""

    status = 403


class Conflict(LiebianError):
    """It contradicts something that already happened."""

    status = 409


class Unavailable(LiebianError):
    """Try again later: something we depend on is busy or away."""

    status = 503
