"""Who somebody was at a place of the log. What comes later, a merge included, is not known there."""

from __future__ import annotations

from collections.abc import Iterable

from liebian.customers import queries as customers


class Lives:
    """`people` are ids of any time."""

    def __init__(self, people: Iterable[int]) -> None:
        self.left = customers.list_merges_of(people)

    def know(self, people: Iterable[int]) -> None:
        """Also follow these."""
        self.left.update(customers.list_merges_of(people))

    def at(self, person: int, event_id: int) -> int:
        """Whom the id means at this event."""
        while (merge := self.left.get(person)) is not None and merge.event_id <= event_id:
            person = merge.winner_id
        return person

    def with_later(self, people: Iterable[int]) -> set[int]:
        """These and whoever they turned out to be at any time."""
        found = set(people)
        for each in list(found):
            person: int | None = each
            while person is not None:
                found.add(person)
                merge = self.left.get(person)
                person = merge.winner_id if merge is not None else None
        return found
