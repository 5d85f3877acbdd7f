"""What can be wrong with a question, in words that say what to do. Owns no engine errors: those pass unchanged."""

from __future__ import annotations


class AnalyticsError(ValueError):
    """Root of all errors raised here; ``code`` is stable, the message is for people.

    >>> raise BadArgument("bins must be at least 2, got 1")
    Traceback (most recent call last):
        ...
    liebian_analytics.errors.BadArgument: bins must be at least 2, got 1
    """

    code = "analytics_error"


class BadArgument(AnalyticsError):
    """An argument has a value for which the question has no meaning."""

    code = "bad_argument"


class SchemaMismatch(AnalyticsError):
    """A table lacks a column or holds it in another type."""

    code = "schema_mismatch"


class RuleError(AnalyticsError):
    """A segment rule cannot be understood; ``path`` says where.

    >>> RuleError("rules[1].value", "expected an integer").path
    'rules[1].value'
    """

    code = "rule_invalid"

    def __init__(self, path: str, reason: str) -> None:
        self.path = path
        self.reason = reason
        super().__init__(f"{path}: {reason}" if path else reason)
