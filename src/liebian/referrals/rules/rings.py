"""Rings of inviters, and which of their links goes. Plain Python."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Link:
    """A friend and who brought them. `trace` are all attempts in the order of the log, `id` the event of the first."""

    friend: int
    inviter: int
    id: int
    trace: Sequence[Mapping[str, Any]] = ()


def find_ring(links: Mapping[int, Link], person: int) -> list[Link]:
    """The links that lead from a person up to themselves; none where the line ends, or goes round elsewhere.

    >>> links = {1: Link(1, 2, 10), 2: Link(2, 3, 11), 3: Link(3, 1, 12), 4: Link(4, 1, 13)}
    >>> [link.id for link in find_ring(links, 1)], find_ring(links, 4)
    ([10, 11, 12], [])
    """
    passed: list[Link] = []
    who = person
    while (link := links.get(who)) is not None and len(passed) < len(links):
        passed.append(link)
        who = link.inviter
        if who == person:
            return passed
    return []


def bound_by(link: Link) -> int:
    """The event by which the link was made. Before it the friend may have been refused, after it the friend stays bound.

    >>> no, yes = [{"passed": False}], [{"passed": True}]
    >>> trace = [{"event": n, "checks": checks} for n, checks in enumerate([no, yes, yes, no])]
    >>> bound_by(Link(1, 2, 0, trace))
    1
    """
    made = None
    for attempt in link.trace:
        checks = attempt["checks"]
        if any(str(check.get("check")).startswith("merged_") for check in checks):
            made = None
        elif made is None and all(check["passed"] for check in checks):
            made = int(attempt["event"])
    return link.id if made is None else made


def youngest_link(ring: Sequence[Link]) -> Link:
    """The link that would have been refused, had it been known who is who."""
    return max(ring, key=bound_by)
