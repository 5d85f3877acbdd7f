"""Every error that people or programs may see. Each has a stable `code`; the edge maps the class to an HTTP status."""

from __future__ import annotations

from typing import Any

from liebian.core.texts import fill


class LiebianError(Exception):
    """Base. `code` is stable and machine readable, `details` is JSON-able.

    `msgid` is a marked English text whose places `%(name)s` the details fill. Programs and logs read it in English as
    `message` or `str(error)`; pages read it in the reader's language by `ui.formats.error_text`.
    """

    status = 500

    def __init__(self, code: str, msgid: str, /, **details: Any) -> None:
        super().__init__(msgid)
        self.code = code
        self.msgid = msgid
        self.details = details

    @property
    def message(self) -> str:
        return fill(self.msgid, self.details)

    def __str__(self) -> str:
        return self.message


class Invalid(LiebianError):
    """The request cannot be understood or breaks a rule."""

    status = 422


class NotSignedIn(LiebianError):
    """Whoever asks has not said who they are, or is not known."""

    status = 401


class TooMany(LiebianError):
    """Asked more often than is allowed. `seconds` in its details say how long to wait."""

    status = 429


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
