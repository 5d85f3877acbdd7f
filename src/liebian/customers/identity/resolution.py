"""One batch of events against the people they may belong to: loads everybody once, decides event by event, writes the
difference as sets."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from liebian.core import crypto
from liebian.core.columns import insert_tuples, select_in, update_tuples
from liebian.core.moments import moment_of
from liebian.customers.identity.claims import Carried, Claims
from liebian.customers.identity.erasing import Graves, reopen
from liebian.customers.identity.person import (
    CHANNEL,
    EARLIER,
    KNOWN,
    MERGED,
    SEEN,
    TOLD,
    Person,
    load_people,
    save_people,
)
from liebian.customers.identity.telling import learn
from liebian.customers.models import Customer, CustomerEvent, Identifier, IdentityChange
from liebian.customers.rules import Decision, Owner, decide, stored_kind
from liebian.customers.types import ANONYMOUS_KIND
from liebian.events.types import LogRow

_IDENTIFIER = ("customer_id", "kind", "index", "ending", "value", "event_id")
_CHANGE = ("event_id", "kind", "customer_id", "other_id", "identifier_kind", "identifier_index", "before")
_EVENT = ("event_id", "customer_id", "type", "name", "at_ms", "received_ms")


class Resolution:
    """`run` decides, `save` writes. The caller owns the transaction."""

    def __init__(self, batch: Sequence[LogRow]) -> None:
        self.batch = [row for row in batch if row.type != "day"]
        self.claims = Claims()
        self.carried: list[Carried] = []
        self.named: dict[int, int] = {}
        wanted: set[bytes] = set()
        for row in self.batch:
            if named := self.claims.named_customer(row):
                self.named[row.id] = named
                self.carried.append([])
                continue
            carried = self.claims.carried(row)
            wanted.update([index for _, _, index in carried])
            self.carried.append(carried)
        wanted.update(self._recommenders())
        found = select_in(Identifier, ("index", "customer_id"), "index", sorted(wanted))
        self.owner_of: dict[bytes, int] = dict(found)
        self.graves = Graves(wanted - set(self.owner_of))
        self.people = load_people({*self.owner_of.values(), *self.named.values(), *self.graves.people})
        self.new_identifiers: dict[bytes, tuple[Any, ...]] = {}
        self.changes: list[tuple[Any, ...]] = []
        self.rows: list[tuple[Any, ...]] = []
        self.merged: list[int] = []
        self.late: set[int] = set()

    def _recommenders(self) -> list[bytes]:
        """Keyed hashes of the customers whom events of this batch name as having recommended us."""
        rows = [row for row in self.batch if row.type == "identify" and b"referred_by" in row.body]
        names = [self.claims.traits(row).get("referred_by") for row in rows]
        return [self.claims.index_of("user_id", str(name)) for name in names if name]

    def run(self) -> None:
        for row, carried in zip(self.batch, self.carried, strict=True):
            at = moment_of(row.at_ms)
            person = self._buried(row, carried)
            if person is None:
                person = self._person_of(row, carried, at)
                if person is not None:
                    self._see(person, row, at)
            if person is not None:
                self.rows.append((row.id, person.id, row.type, row.name, row.at_ms, row.received_ms))

    def _buried(self, row: LogRow, carried: Carried) -> Person | None:
        """Whose the event is when it tells late of somebody who was erased since: theirs, and nothing is learned from it."""
        if not self.graves.people or any(index in self.owner_of for _, _, index in carried):
            return None
        found = self.graves.find((index for _, _, index in carried), row.at_ms)
        if found is None:
            return None
        self.late.add(found)
        person = self.people[found]
        person.change |= SEEN
        person.changed_by_event = row.id
        return person

    def _person_of(self, row: LogRow, carried: Carried, at: datetime) -> Person | None:
        if row.id in self.named:
            return self._final(self.named[row.id])
        if not carried:
            return None
        return self._sole_owner(carried, row) or self._decided(carried, row, at)

    def _sole_owner(self, carried: Carried, row: LogRow) -> Person | None:
        """The usual case: everything in the event belongs to one person already, so that there is nothing to decide."""
        if row.type == "alias":
            return None
        sole: Person | None = None
        for _, _, index in carried:
            owner_id = self.owner_of.get(index)
            owner = self._final(owner_id) if owner_id else None
            if owner is None or (sole is not None and owner is not sole):
                return None
            sole = owner
        return sole if sole is not None and (row.user_id is None or row.user_id == sole.user_id) else None

    def _decided(self, carried: Carried, row: LogRow, at: datetime) -> Person:
        owners = {}
        for kind, _value, index in carried:
            owner_id = self.owner_of.get(index)
            owner = self._final(owner_id) if owner_id else None
            if owner:
                owners[kind] = Owner(owner.id, owner.is_known, owner.user_id)
        decision = decide([(kind, value) for kind, value, _ in carried], owners)
        person = self.people[decision.customer_id] if decision.customer_id else self._create(row, at)
        self._apply(person, row, carried, decision, at)
        return person

    def _final(self, customer_id: int) -> Person | None:
        """Follow merges to the person who stands today."""
        person = self.people.get(customer_id)
        while person is not None and person.merged_into:
            person = self.people.get(person.merged_into)
        return person

    def _create(self, row: LogRow, at: datetime) -> Person:
        person = self.people[row.id] = Person.first_seen(row.id, at)
        self._note(row, "created", person.id)
        return person

    def _note(
        self, row: LogRow, kind: str, customer_id: int, other_id: int | None = None, named: str = "", index: bytes | None = None,
        before: dict[str, Any] | None = None,
    ) -> None:  # fmt: skip
        self.changes.append((row.id, kind, customer_id, other_id, named, index, before))

    def _apply(self, person: Person, row: LogRow, carried: Carried, decision: Decision, at: datetime) -> None:
        for kind, value, index in carried:
            if kind in decision.link:
                self._link(person, row, stored_kind(kind), value, index, at)
        for loser_id in decision.merge:
            self._merge(self.people[loser_id], person, row)
        for kind, other_id in decision.conflicts:
            index = next(i for k, _, i in carried if k == kind)
            self._note(row, "conflict", person.id, other_id, stored_kind(kind), index)

    def _link(self, person: Person, row: LogRow, kind: str, value: str, index: bytes, at: datetime) -> None:
        ending = crypto.index_of("phone.ending", value[-4:]) if kind == "phone" else None
        sealed = crypto.seal(value, context="identifier.value")
        self.new_identifiers[index] = (person.id, kind, index, ending, sealed, row.id)
        self.owner_of[index] = person.id
        self._note(row, "linked", person.id, named=kind, index=index)
        if kind == "user_id":
            person.user_id = value
            person.change |= KNOWN
        if kind != ANONYMOUS_KIND and not person.is_known:
            person.is_known, person.known_at = True, at
            person.change |= KNOWN

    def _merge(self, loser: Person, winner: Person, row: LogRow) -> None:
        if loser.id == winner.id:
            return
        before = {"winner": winner.as_record(), "loser": loser.as_record()}
        loser.merged_into, loser.changed_by_event = winner.id, row.id
        loser.change |= MERGED
        self.merged.append(loser.id)
        if loser.first_seen_at < winner.first_seen_at:
            winner.first_seen_at = loser.first_seen_at
            winner.change |= EARLIER
        if not winner.channel and loser.channel:
            winner.channel = loser.channel
            winner.change |= CHANNEL
        self._note(row, "merged", winner.id, loser.id, before=before)

    def _see(self, person: Person, row: LogRow, at: datetime) -> None:
        person.change |= SEEN
        person.changed_by_event = row.id
        if at > person.last_seen_at:
            person.last_seen_at = at
        elif at < person.first_seen_at:
            person.first_seen_at = at
            person.change |= EARLIER
        if row.type == "identify":
            self._learn(person, row)
        if not person.channel and (channel := self.claims.first_channel(row)):
            person.channel = channel
            person.change |= CHANNEL

    def _learn(self, person: Person, row: LogRow) -> None:
        if row.personal is None and b'"traits"' not in row.body:
            return
        traits = dict(self.claims.traits(row))
        recommended_by = traits.pop("referred_by", None)
        learn(person, self.claims.personal(row), traits)
        if recommended_by and not person.referred_by:
            person.referred_by = self._find_by_user_id(str(recommended_by), person.id)
        person.change |= TOLD | CHANNEL

    def _find_by_user_id(self, user_id: str, own_id: int) -> int | None:
        found = self.owner_of.get(self.claims.index_of("user_id", user_id))
        owner = self._final(found) if found else None
        return owner.id if owner and owner.id != own_id else None

    def save(self) -> None:
        save_people(self.people[pk] for pk in sorted(self.people))
        insert_tuples(
            Identifier, _IDENTIFIER, [(self._standing(row[0]), *row[1:]) for row in self.new_identifiers.values()]
        )
        insert_tuples(CustomerEvent, _EVENT, self.rows)
        moves = [(self._standing(loser), loser) for loser in self.merged]
        update_tuples(Identifier, ("customer_id",), moves, key="customer_id")
        update_tuples(Customer, ("merged_into",), moves, key="merged_into")
        update_tuples(Customer, ("referred_by",), moves, key="referred_by")
        insert_tuples(IdentityChange, _CHANGE, self.changes)
        if self.late:
            reopen(self.late)

    def _standing(self, customer_id: int) -> int:
        person = self._final(customer_id)
        return person.id if person is not None else customer_id
