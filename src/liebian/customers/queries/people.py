"""People, their identifiers and their events, for other contexts and for stages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from django.db.models import Max

from liebian.core import crypto, cursors
from liebian.core.columns import select_after
from liebian.core.erased import is_erased
from liebian.core.errors import Invalid, NotFound
from liebian.core.ids import customer_number
from liebian.core.texts import mark as _
from liebian.customers.models import Customer, CustomerEvent, Identifier, IdentityChange, TierMembership
from liebian.customers.queries.seen import find_final_ids, list_merged_into
from liebian.customers.rules import identifiers_of, normal_email, normal_phone
from liebian.customers.types import ANONYMOUS_KIND, READER, STAGE, CustomerView, Merge, Personal, Recommended
from liebian.customers.types import CustomerEvent as CustomerEventView
from liebian.events import queries as events
from liebian.events.types import EventRecord
from liebian.lake import queries as lake

MOST_SIGNS = 120
SPAN = 20_000  # how far one read goes when few of the events on the way are wanted


def list_customer_events_after(
    position: int, limit: int, *, names: Sequence[str] | None = None, horizon: int | None = None
) -> tuple[list[CustomerEventView], int]:
    """The next events with their people, and the position up to which the log is now read.

    With `names`, only these events are returned, but the position moves over all others too. Nothing behind `horizon` is read, a
    position up to which people are resolved; it is asked for where the caller does not know one.
    """
    end = min(cursors.position_of(STAGE) if horizon is None else horizon, position + max(SPAN, limit))
    if end <= position:
        return [], max(end, position)
    where = f"name IN ({', '.join(['%s'] * len(names))})" if names is not None else ""
    found = select_after(
        CustomerEvent, ("event_id", "customer_id"), "event_id", position,
        upto=end, limit=limit, where=where, values=names or (),
    )  # fmt: skip
    seen = dict(found)
    upto = max(seen) if len(seen) == limit else end
    return list_customer_events(seen), upto


def list_customer_events(seen: Mapping[int, int]) -> list[CustomerEventView]:
    """Events by id with the people who stand today; `seen` maps event ids to the people of that time."""
    if not seen:
        return []
    records = events.list_events_by_id(seen)
    finals = find_final_ids(seen.values())
    return [CustomerEventView(event=records[key], customer_id=finals.get(owner, owner)) for key, owner in seen.items()]


def names_somebody(event: EventRecord) -> bool:
    """Whether the event itself says who it is about, by more than a device."""
    if event.user_id:
        return True
    return any(kind != ANONYMOUS_KIND for kind, _ in identifiers_of(None, event.anonymous_id, event.personal))


def get_position() -> int:
    """The event up to which people are resolved."""
    return cursors.position_of(STAGE)


def get_published_upto() -> int:
    """The event up to which the lake holds events and what they count for. Raises Unavailable "lake_unavailable"."""
    return min(lake.get_position(table, READER) for table in ("events", "day_facts"))


def find_next_event_id(position: int, *, names: Sequence[str]) -> int | None:
    """The next event of these names that has a person, unopened."""
    rows = CustomerEvent.objects.filter(event_id__gt=position, name__in=names).order_by("event_id")
    return rows.values_list("event_id", flat=True).first()


def list_owners(event_ids: Iterable[int]) -> dict[int, int]:
    """The people of these events at the time they were resolved; events of nobody are left out."""
    return dict(CustomerEvent.objects.filter(event_id__in=list(event_ids)).values_list("event_id", "customer_id"))


def list_merges_after(position: int | str, limit: int = 10_000) -> list[Merge]:
    """The next merges behind a position, or behind the cursor of that name."""
    rows = select_after(
        IdentityChange,
        ("id", "other_id", "customer_id", "event_id"),
        "id",
        position,
        limit=limit,
        where="kind = 'merged'",
    )
    return [Merge(key, other or 0, person, event) for key, other, person, event in rows]


def list_merges_of(ids: Iterable[int]) -> dict[int, Merge]:
    """By whom was merged away: how each of these people came to be who they are today, with all others who are the same."""
    finals = set(find_final_ids(ids).values())
    if not finals:
        return {}
    everybody = finals.union(*list_merged_into(finals).values())
    rows = IdentityChange.objects.filter(kind="merged", customer_id__in=everybody).order_by("id")
    columns = rows.values_list("id", "other_id", "customer_id", "event_id")
    return {other: Merge(key, other, person, event) for key, other, person, event in columns if other is not None}


def get_merges_end() -> int:
    """The last position of the log of merges."""
    return IdentityChange.objects.filter(kind="merged").aggregate(end=Max("id"))["end"] or 0


def count_merges(*, upto: int) -> int:
    return IdentityChange.objects.filter(kind="merged", id__lte=upto).count()


def _view(row: Customer) -> CustomerView:
    return CustomerView(
        id=row.pk, is_known=row.is_known, first_seen_at=row.first_seen_at, known_at=row.known_at,
        last_seen_at=row.seen.last_seen_at, channel=row.channel, city=row.city, gender=row.gender, referred_by=row.referred_by,
        n_orders=row.n_orders, revenue_minor=row.revenue_minor, first_order_at=row.first_order_at,
        last_order_at=row.last_order_at,
    )  # fmt: skip


def find_customer(customer_id: int) -> CustomerView | None:
    """The person of that id, or the person they were merged into."""
    people = Customer.objects.select_related("seen")
    row = people.filter(pk=customer_id).first()
    if row is not None and row.merged_into:
        row = people.filter(pk=row.merged_into).first()
    return _view(row) if row else None


def _not_found(customer_id: int) -> NotFound:
    return NotFound(
        "customer_not_found",
        _("There is no customer with the number %(number)s."),
        number=customer_number(customer_id),
    )


def person_row(customer_id: int) -> Customer:
    """The stored person. Raises NotFound "customer_not_found". For modules of this context only."""
    row = Customer.objects.filter(pk=customer_id).first()
    if row is None:
        raise _not_found(customer_id)
    return row


def get_customer(customer_id: int) -> CustomerView:
    found = find_customer(customer_id)
    if found is None:
        raise _not_found(customer_id)
    return found


def list_customers_by_id(ids: Iterable[int]) -> dict[int, CustomerView]:
    """People by id; an id that was merged away maps to the person who stands today."""
    rows = Customer.objects.in_bulk(list(ids))
    standing = Customer.objects.in_bulk({row.merged_into for row in rows.values() if row.merged_into})
    return {key: _view(standing[row.merged_into] if row.merged_into else row) for key, row in rows.items()}


def find_customer_id(*, kind: str, value: str) -> int | None:
    """Who owns this identifier (user_id, phone, email, openid, unionid, anonymous_id)?"""
    normal = {"phone": normal_phone, "email": normal_email}.get(kind, str)(value)
    if not normal:
        return None
    row = Identifier.objects.filter(index=crypto.index_of(kind, normal)).values_list("customer_id", flat=True).first()
    return row


def get_by_user_id(user_id: str) -> CustomerView:
    """Who stands behind the id that a company's own programs know. Raises Invalid "user_id", NotFound "customer_unknown"."""
    if not 0 < len(user_id) <= MOST_SIGNS or not user_id.isprintable():
        raise Invalid("user_id", _("Say which customer: user_id, with 1 to %(most)s signs."), most=MOST_SIGNS)
    owner = find_customer_id(kind="user_id", value=user_id)
    person = find_customer(owner) if owner is not None else None
    if person is None:
        raise NotFound("customer_unknown", _("No event has told of this user_id yet."))
    return person


def list_ids_of(customer_id: int) -> list[int]:
    """A person's id, and those that were merged into it: what was theirs under any of them."""
    losers = Customer.objects.filter(merged_into=customer_id).order_by("id").values_list("id", flat=True)
    return [customer_id, *losers]


def open_field(blob: bytes | memoryview | None, field: str) -> str:
    """A personal field in clear; empty where it is not known or was erased."""
    value = crypto.unseal(blob, context=f"customer.{field}") if blob else ""
    if is_erased(value):
        return ""
    return (
        value
        if isinstance(value, str)
        else " ".join(str(v) for v in value.values())
        if isinstance(value, dict)
        else str(value)
    )


def list_personal(ids: Iterable[int]) -> dict[int, Personal]:
    """Personal fields in clear, for masking on a page. Never hand them on."""
    rows = Customer.objects.in_bulk(list(ids))
    return {
        key: Personal(
            name=open_field(row.name, "name"),
            phone=open_field(row.phone, "phone"),
            email=open_field(row.email, "email"),
            address=open_field(row.address, "address"),
        )
        for key, row in rows.items()
    }


def get_personal(customer_id: int) -> Personal:
    found = list_personal([customer_id]).get(customer_id)
    if found is None:
        raise _not_found(customer_id)
    return found


def count_known() -> int:
    return Customer.objects.filter(is_known=True, merged_into__isnull=True).count()


def normalise(kind: str, value: str) -> str | None:
    """The form in which a phone number or e-mail address is compared; None when it cannot be one."""
    return {"phone": normal_phone, "email": normal_email}[kind](value)


def list_recommended(*, ordered_from: datetime, ordered_before: datetime) -> list[Recommended]:
    """People who told us who recommended us and whose first order was placed in the half-open window."""
    rows = Customer.objects.filter(
        referred_by__isnull=False,
        merged_into__isnull=True,
        first_order_at__gte=ordered_from,
        first_order_at__lt=ordered_before,
    )
    columns = rows.order_by("pk").values_list("pk", "referred_by", "first_order_at")
    return [Recommended(person, by, at) for person, by, at in columns if by and at]


def count_new_buyers(*, start: datetime, end: datetime) -> int:
    """People whose first order that stands lies in [start, end)."""
    return Customer.objects.filter(first_order_at__gte=start, first_order_at__lt=end, merged_into__isnull=True).count()


def count_in_tier(*, model: str, cells: Iterable[str]) -> int:
    return TierMembership.objects.filter(model=model, cell__in=list(cells)).count()


def list_user_ids(customer_ids: Iterable[int]) -> dict[int, str]:
    """The shop's own id of each of these people, where it is known."""
    rows = Customer.objects.filter(pk__in=list(customer_ids), user_id__isnull=False).values_list("pk", "user_id")
    return {customer_id: user_id for customer_id, user_id in rows if user_id}
