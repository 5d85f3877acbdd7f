"""The days of a privilege: one after the other, taken back from the end. Plain Python."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from liebian.core.errors import Invalid
from liebian.core.texts import mark as _
from liebian.rewards.types import OfferDraft, PrivilegeTerms, Span

LONGEST_SUBJECT = 60
MOST_DAYS = 3650
_KINDS = ("level", "priority", "access")


def check_privilege(draft: OfferDraft) -> None:
    terms = draft.privilege
    if terms is None or terms.kind not in _KINDS or not 0 < draft.valid_days <= MOST_DAYS:
        raise Invalid("offer_privilege", _("Say which privilege it is, and for how many days: 1 to 3650."))
    if bool(terms.subject.strip()) == (terms.kind == "priority") or len(terms.subject) > LONGEST_SUBJECT:
        raise Invalid(
            "offer_subject",
            _("Name the level, or what the access is to, in at most 60 characters; priority service needs no name."),
        )


def say_privilege(terms: PrivilegeTerms) -> dict[str, str]:
    return {"privilege": terms.kind, "subject": terms.subject.strip()}


def read_privilege(said: dict[str, str]) -> PrivilegeTerms:
    """
    >>> read_privilege(say_privilege(PrivilegeTerms("level", " gold ")))
    PrivilegeTerms(kind='level', subject='gold')
    """
    return PrivilegeTerms(said["privilege"], said["subject"])  # type: ignore[arg-type]


def chain(spans: Sequence[Span]) -> list[tuple[date, date]]:
    """When each one runs, [first day, first day after): from the day of issue on, or after the one before where that runs longer.

    >>> jan = date(2026, 1, 1)
    >>> [(str(a), str(b)) for a, b in chain([Span(jan, 31), Span(date(2026, 1, 20), 28)])]
    [('2026-01-01', '2026-02-01'), ('2026-02-01', '2026-03-01')]
    """
    found = []
    free_from = date.min
    for span in spans:
        start = max(span.issued_on, free_from)
        free_from = start + timedelta(days=span.days - span.taken)
        found.append((start, free_from))
    return found


def count_open(starts_on: date, ends_on: date, today: date) -> int:
    """Days that have not begun.

    >>> [count_open(date(2026, 1, 1), date(2026, 1, 31), date(2026, 1, day)) for day in (1, 30, 31)]
    [29, 0, 0]
    """
    return max((ends_on - max(starts_on, today + timedelta(days=1))).days, 0)
