"""Why a rule cannot be used, in words that a page can translate. Owns the wording; the library decides what is wrong."""

from __future__ import annotations

import re

from liebian.core.texts import Term
from liebian.core.texts import mark as _

_REASONS: tuple[tuple[str, str], ...] = (
    (r"this is not JSON: .*", _("this is not JSON")),
    (r"conditions may be nested at most (?P<limit>\d+) levels deep", _("conditions may be nested at most %(limit)s levels deep")),
    (r"a rule may have at most (?P<limit>\d+) conditions", _("a rule may have at most %(limit)s conditions")),
    (r"expected a condition .*", _("a condition is expected here, an object with its kind")),
    (r"expected a list of conditions.*", _("a list of conditions is expected here")),
    (r"expected one of (?P<known>.*); got .*", _("one of these is expected here: %(known)s")),
    (r"\w+ has no such field.*", _("there is no such field")),
    (r"is missing", _("it is missing")),
    (r"Expected `(?P<wanted>[^`]*)`, got `(?P<got>[^`]*)`", _("`%(wanted)s` is expected here, not `%(got)s`")),
    (r"must start with a letter .*", _("a name starts with a letter and holds letters, digits and underscores only")),
    (r"must name an event", _("name an event")),
    (r"must lie between 1 and (?P<limit>\d+) days.*", _("give 1 to %(limit)s days, or null for all of history")),
    (r"must be at least (?P<least>-?\d+)", _("give at least %(least)s")),
    (r"the first number must not exceed the second.*", _("the first value must not be larger than the second")),
    (r"'between' needs .*", _("give two values of the same kind, from and to")),
)  # fmt: skip


def explain(reason: str) -> Term:
    """The library's reason as a text that a page translates."""
    for pattern, msgid in _REASONS:
        if found := re.fullmatch(pattern, reason, re.DOTALL):
            return Term(msgid, **found.groupdict())
    return Term(_("this value does not fit here (%(said)s)"), said=reason)
