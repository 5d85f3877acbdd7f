"""The identity stage at work: one batch of events against the people they may belong to, in memory, saved as sets."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from liebian.core import crypto
from liebian.core.bulk import write_rows
from liebian.customers.models import Customer, CustomerEvent, Identifier, IdentityChange
from liebian.customers.rules import Decision, Owner, decide, identifiers_of, normal_email, normal_phone
from liebian.customers.types import ANONYMOUS_KIND
from liebian.events.types import DAY_STARTED, EventRecord

_COLUMN_TRAITS = {"channel": 60, "city": 80, "province": 80, "gender": 20, "occupation": 80}
_STAGE_COLUMNS = [
    "is_known", "user_id", "known_at", "last_seen_at", "merged_into", "name", "name_index", "phone", "email", "address",
    "channel", "city", "province", "gender", "occupation", "birth_month", "attributes", "referred_by", "changed_by_event",
]  # fmt: skip


class Resolution:
    """Loads everybody whom the batch may concern, decides event by event, writes the difference."""

    def __init__(self, batch: list[EventRecord]) -> None:
        self.batch = [event for event in batch if event.name != DAY_STARTED or event.type != "day"]
        self.carried = {e.id: self._carried(e) for e in self.batch}
        indexes = {index for items in self.carried.values() for _, _, index in items}
        found = Identifier.objects.filter(index__in=indexes)
        self.owner_of: dict[bytes, int] = {bytes(row.index): row.customer_id for row in found}
        wanted = set(self.owner_of.values()) | {e.customer_id for e in self.batch if e.customer_id}
        self.people: dict[int, Customer] = Customer.objects.in_bulk(list(wanted))
        self.new_identifiers: dict[bytes, Identifier] = {}
        self.changes: list[IdentityChange] = []
        self.rows: list[CustomerEvent] = []
        self.touched: set[int] = set()
        self.merged: dict[int, int] = {}

    @staticmethod
    def _carried(event: EventRecord) -> list[tuple[str, str, bytes]]:
        found = identifiers_of(event.user_id, event.anonymous_id, event.personal)
        return [(kind, value, crypto.index_of(kind, value)) for kind, value in found]

    def run(self) -> None:
        for event in self.batch:
            person = self._person_of(event)
            if person is None:
                continue
            self._see(person, event)
            self.rows.append(
                CustomerEvent(
                    event_id=event.id, customer_id=person.pk, type=event.type, name=event.name, at_ms=_millis(event.at)
                )
            )

    def _person_of(self, event: EventRecord) -> Customer | None:
        if event.customer_id:
            return self._final(event.customer_id)
        carried = self.carried[event.id]
        if not carried:
            return None
        owners = {}
        for kind, _, index in carried:
            owner_id = self.owner_of.get(index)
            owner = self._final(owner_id) if owner_id else None
            if owner:
                owners[kind] = Owner(owner.pk, owner.is_known, owner.user_id)
        decision = decide([(kind, value) for kind, value, _ in carried], owners)
        person = self.people[decision.customer_id] if decision.customer_id else self._create(event)
        self._apply(person, event, carried, decision)
        return person

    def _final(self, customer_id: int) -> Customer | None:
        """Follow merges to the person who stands today."""
        person = self.people.get(customer_id) or Customer.objects.filter(pk=customer_id).first()
        while person is not None and person.merged_into:
            person = self.people.get(person.merged_into) or Customer.objects.get(pk=person.merged_into)
        if person is not None:
            self.people[person.pk] = person
        return person

    def _create(self, event: EventRecord) -> Customer:
        person = Customer(id=event.id, first_seen_at=event.at, last_seen_at=event.at)
        self.people[person.pk] = person
        self.changes.append(IdentityChange(event_id=event.id, kind="created", customer_id=person.pk))
        return person

    def _apply(
        self, person: Customer, event: EventRecord, carried: list[tuple[str, str, bytes]], decision: Decision
    ) -> None:
        for kind, value, index in carried:
            if kind in decision.link:
                self._link(person, event, kind, value, index)
        for loser_id in decision.merge:
            self._merge(self.people[loser_id], person, event)
        for kind, other_id in decision.conflicts:
            index = next(i for k, _, i in carried if k == kind)
            self.changes.append(
                IdentityChange(
                    event_id=event.id,
                    kind="conflict",
                    customer_id=person.pk,
                    other_id=other_id,
                    identifier_kind=kind,
                    identifier_index=index,
                )
            )

    def _link(self, person: Customer, event: EventRecord, kind: str, value: str, index: bytes) -> None:
        ending = crypto.index_of("phone.ending", value[-4:]) if kind == "phone" else None
        self.new_identifiers[index] = Identifier(
            customer_id=person.pk, kind=kind, index=index, ending=ending,
            value=crypto.seal(value, context="identifier.value"), event_id=event.id,
        )  # fmt: skip
        self.owner_of[index] = person.pk
        self.changes.append(
            IdentityChange(
                event_id=event.id, kind="linked", customer_id=person.pk, identifier_kind=kind, identifier_index=index
            )
        )
        if kind == "user_id":
            person.user_id = value
        if kind != ANONYMOUS_KIND and not person.is_known:
            person.is_known, person.known_at = True, event.at

    def _merge(self, loser: Customer, winner: Customer, event: EventRecord) -> None:
        if loser.pk == winner.pk:
            return
        loser.merged_into = winner.pk
        loser.changed_by_event = event.id
        self.touched.add(loser.pk)
        self.merged[loser.pk] = winner.pk
        winner.first_seen_at = min(winner.first_seen_at, loser.first_seen_at)
        winner.channel = winner.channel or loser.channel
        self.changes.append(IdentityChange(event_id=event.id, kind="merged", customer_id=winner.pk, other_id=loser.pk))
        for index, owner_id in self.owner_of.items():
            if owner_id == loser.pk:
                self.owner_of[index] = winner.pk
                if index in self.new_identifiers:
                    self.new_identifiers[index].customer_id = winner.pk

    def _see(self, person: Customer, event: EventRecord) -> None:
        self.touched.add(person.pk)
        person.last_seen_at = max(person.last_seen_at, event.at)
        person.first_seen_at = min(person.first_seen_at, event.at)
        person.changed_by_event = event.id
        if event.type == "identify":
            self._learn(person, event)
        if not person.channel:
            person.channel = _first_channel(event)

    def _learn(self, person: Customer, event: EventRecord) -> None:
        personal = event.personal
        if name := str(personal.get("name") or "").strip()[:100]:
            person.name = crypto.seal(name, context="customer.name")
            person.name_index = crypto.index_of("name", name.lower())
        if personal.get("phone") and (phone := normal_phone(personal["phone"])):
            person.phone = crypto.seal(phone, context="customer.phone")
        if personal.get("email") and (email := normal_email(personal["email"])):
            person.email = crypto.seal(email, context="customer.email")
        if personal.get("address"):
            person.address = crypto.seal(personal["address"], context="customer.address")
        traits = dict(event.traits)
        for column, width in _COLUMN_TRAITS.items():
            if value := traits.pop(column, None):
                setattr(person, column, str(value)[:width])
        person.birth_month = _birth_month(traits.pop("birthday", None)) or person.birth_month
        if recommended_by := traits.pop("referred_by", None):
            person.referred_by = person.referred_by or self._find_by_user_id(str(recommended_by), person.pk)
        if traits:
            person.attributes = {**person.attributes, **traits}

    def _find_by_user_id(self, user_id: str, own_id: int) -> int | None:
        index = crypto.index_of("user_id", user_id)
        found = (
            self.owner_of.get(index)
            or Identifier.objects.filter(index=index).values_list("customer_id", flat=True).first()
        )
        owner = self._final(found) if found else None
        return owner.pk if owner and owner.pk != own_id else None

    def save(self) -> None:
        people = [self.people[pk] for pk in sorted(self.touched)]
        write_rows(people, update=["first_seen_at", *_STAGE_COLUMNS])
        write_rows(self.new_identifiers.values())
        write_rows(self.rows)
        for loser_id, winner_id in self.merged.items():
            Identifier.objects.filter(customer_id=loser_id).update(customer_id=winner_id)
            CustomerEvent.objects.filter(customer_id=loser_id).update(customer_id=winner_id)
            Customer.objects.filter(referred_by=loser_id).update(referred_by=winner_id)
        write_rows(self.changes)


def _first_channel(event: EventRecord) -> str:
    context = event.body.get("context") or {}
    campaign = context.get("campaign") if isinstance(context, dict) else None
    source = campaign.get("source") if isinstance(campaign, dict) else None
    return str(event.properties.get("channel") or source or "")[:60]


def _birth_month(value: Any) -> int | None:
    text = str(value or "")
    month = text[5:7] if len(text) >= 7 and text[4] == "-" else ""
    return int(month) if month.isdigit() and 1 <= int(month) <= 12 else None


def _millis(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)
