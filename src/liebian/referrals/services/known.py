"""What one stretch of the log needs to know, read as sets before the first decision. Kept current while it works."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime

from liebian.customers import queries as customers
from liebian.customers.types import CustomerEvent
from liebian.orders import queries as orders
from liebian.orders.types import OrderChange, PlacedOrder
from liebian.referrals.models import Outcome, Participation, Programme, Qualification, Referral
from liebian.referrals.queries.programmes import clean_code, terms_of, view_participation, view_programme
from liebian.referrals.rules import BindingFacts, Terms
from liebian.referrals.services.lives import Lives
from liebian.referrals.types import BOUND_FOR_GOOD, SIGNED_UP, Participant, ProgrammeView


class Known:
    """Programmes, participations by code, referrals and orders of everybody whom the stretch concerns."""

    def __init__(self, found: list[CustomerEvent], changes: list[OrderChange]) -> None:
        published = Programme.objects.exclude(status="draft").prefetch_related("changes")
        self.programmes: dict[int, ProgrammeView] = {row.pk: view_programme(row) for row in published}
        self.terms: dict[int, Terms] = {key: terms_of(view) for key, view in self.programmes.items()}
        self._load_participations(found)
        friends = {item.customer_id for item in found if item.event.name == SIGNED_UP}
        buyers = {change.customer_id for change in changes if change.kind == "paid"}
        self.referrals: dict[tuple[int, int], Referral] = {}
        rows = Referral.objects.filter(referee_id__in=friends | buyers) if self.programmes else Referral.objects.none()
        for row in rows.order_by("id"):
            self.referrals[row.programme_id, row.referee_id] = row
        inviters = {p.customer_id for p in self.by_code.values()} if friends else set()
        self.lives = Lives(inviters)
        inviters = self.lives.with_later(inviters)
        self._load_lines(inviters)
        self._load_orders(friends | (buyers & {referee for _, referee in self.referrals}))
        self._load_qualifications(changes)
        self.contacts = customers.list_contacts_told(inviters) if inviters else {}
        self.returned = customers.list_returned(friends)
        inviters |= {p.customer_id for p in self.by_code.values()} | {r.referrer_id for r in self.referrals.values()}
        self.erased = customers.list_erased(inviters | friends | buyers) if self.programmes else {}
        self.outcomes: list[Outcome] = []

    def _load_participations(self, found: list[CustomerEvent]) -> None:
        codes = {clean_code(str(item.event.properties.get("code") or "")) for item in found}
        rows = Participation.objects.filter(code__in=codes - {""}, arm="treated")
        self.by_code: dict[str, Participant] = {row.code: view_participation(row) for row in rows}
        silent = {item.customer_id for item in found if not item.event.properties.get("code")}
        rows = Participation.objects.filter(customer_id__in=silent, arm="treated")
        self.by_person = {(row.programme_id, row.customer_id): view_participation(row) for row in rows}

    def _load_lines(self, inviters: set[int]) -> None:
        """By whom the inviters were brought, and those, up to the first of each line."""
        passed: set[int] = set()
        while upwards := inviters - passed:
            known = {referee for _, referee in self.referrals}
            for row in Referral.objects.filter(referee_id__in=upwards - known).order_by("id"):
                self.referrals[row.programme_id, row.referee_id] = row
            passed |= upwards
            inviters = {row.referrer_id for (_, referee), row in self.referrals.items() if referee in upwards}

    def lines_of(self, programme_id: int) -> dict[int, int]:
        """Per friend of a programme the inviter, also where the order that counted was given back."""
        return {
            referee: row.referrer_id
            for (programme, referee), row in self.referrals.items()
            if programme == programme_id and row.state in BOUND_FOR_GOOD
        }

    def _load_orders(self, people: set[int]) -> None:
        """Under whoever stands today, also where `orders` have not followed a merge yet; whose they were at an event is asked by
        `placed_before`."""
        self.selves = customers.find_selves(people) if people and self.programmes else {}
        self.placed: dict[int, list[PlacedOrder]] = defaultdict(list)
        for order in orders.list_placed(self.selves) if self.selves else ():
            self.placed[self.selves[order.customer_id]].append(order)
        named = [order.id for placed in self.placed.values() for order in placed]
        self.placed_by = customers.list_owners(named) if named else {}
        self.lives.know(self.placed_by.values())

    def placed_before(self, person: int, event_id: int) -> list[PlacedOrder]:
        """What the log held of this person's orders up to an event: those of others who turned out to be they until then count."""
        found = [o for o in self.placed[self.selves.get(person, person)] if o.event_id < event_id]
        owners = ((self.placed_by.get(o.id, person), o) for o in found)
        return [o for owner, o in owners if self.lives.at(owner, event_id) == person]

    def _load_qualifications(self, changes: list[OrderChange]) -> None:
        self.qualified: dict[int, list[Qualification]] = defaultdict(list)
        named = {change.order_id for change in changes}
        rows = Qualification.objects.filter(order_id__in=named) if self.programmes else Qualification.objects.none()
        for row in rows.order_by("id"):
            self.qualified[row.order_id].append(row)

    def participation_of(self, item: CustomerEvent) -> Participant | None:
        """Whose link or page an event is about: by its code, or by the person and the programme."""
        properties = item.event.properties
        if code := clean_code(str(properties.get("code") or "")):
            return self.by_code.get(code)
        number = str(properties.get("programme_id") or "")
        return self.by_person.get((int(number), item.customer_id)) if number.isdigit() else None

    def binding_facts(self, item: CustomerEvent) -> BindingFacts:
        event = item.event
        code = clean_code(str(event.properties.get("code") or ""))
        inviter = self.by_code.get(code)
        referrer_id = self.lives.at(inviter.customer_id, event.id) if inviter else None
        if inviter is None or referrer_id is None:
            return BindingFacts(code=code, at=event.at, referee_id=item.customer_id)
        earlier = self.referrals.get((inviter.programme_id, item.customer_id))
        return BindingFacts(
            code=code, at=event.at, referee_id=item.customer_id, referrer_id=referrer_id,
            terms=self.terms[inviter.programme_id], consented=bool(event.properties.get("consent")),
            ordered_before=bool(self.placed_before(item.customer_id, event.id)),
            erased_before=self.returned.get(item.customer_id, event.id + 1) <= event.id,
            is_referrer_erased=self.is_erased(referrer_id, event.id),
            lines=self.lines_of(inviter.programme_id),
            bound_to=earlier.referrer_id if earlier is not None and earlier.state != "refused" else None,
            referee_contacts=customers.contacts_of(event.personal.get("phone"), event.personal.get("email")),
            referrer_contacts=self._told_before(referrer_id, event.id),
        )  # fmt: skip

    def _told_before(self, person: int, event_id: int) -> frozenset[str]:
        return frozenset(contact for contact, told in self.contacts.get(person, {}).items() if told < event_id)

    def is_erased(self, customer_id: int, event_id: int) -> bool:
        """Whether they had been erased when the event came in."""
        return self.erased.get(customer_id, event_id) < event_id

    def bound_referrals(self, customer_id: int) -> list[Referral]:
        """Referrals of this friend that still wait for an order, oldest first."""
        rows = [row for (_, referee), row in self.referrals.items() if referee == customer_id and row.state == "bound"]
        return sorted(rows, key=lambda row: row.pk)

    def qualifications_of(self, order_id: int) -> list[Qualification]:
        return self.qualified[order_id]

    def tell(
        self, name: str, cause: str, customer_id: int, at: datetime, *, programme_id: int | None, **properties: object
    ) -> None:
        """Put an outcome into the outbox; it leaves after the transaction."""
        self.outcomes.append(
            Outcome(
                cause=f"{name}:{cause}"[:200], name=name, customer_id=customer_id, at=at, programme_id=programme_id,
                properties={"programme_id": programme_id, **properties},
            )
        )  # fmt: skip
