"""Writes of `customers`: the identity stage, facts that contexts above hand down, and the record of a reveal."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta

import pyarrow as pa
from django.conf import settings
from django.db import connection, transaction

from liebian.access import services as access
from liebian.access.types import Actor
from liebian.core import cursors
from liebian.core.bulk import write_rows
from liebian.core.columns import update_tuples
from liebian.core.durability import settle
from liebian.core.errors import Invalid, NotFound, Unavailable
from liebian.core.texts import mark as _
from liebian.customers.identity import Resolution, erase_named, forget, keep_words, known_words, until_erasure
from liebian.customers.lake_rows import changed_customers, event_day_rows, identity_rows, with_owners
from liebian.customers.models import Customer, CustomerEvent, Erasure, Identifier, TierMembership
from liebian.customers.queries import get_customer, get_published_upto, list_ids_of, list_merges_after
from liebian.customers.queries.erasures import view_erasure
from liebian.customers.queries.people import get_personal
from liebian.customers.queries.profile import PERSONAL_FIELDS, open_identifier
from liebian.customers.rules import masked
from liebian.customers.types import CUSTOMER_ERASED, READER, STAGE, ErasureView, OrderFacts, Revealed, TierFact
from liebian.events import queries as events
from liebian.events import services as event_log
from liebian.events.types import RETIRED
from liebian.lake import services as lake
from liebian.lake.queries import get_position

BATCH = 2000
MAX_REASON = 500


def advance(*, limit: int = BATCH) -> int:
    """One step of the identity stage: the next events get their people.

    Writes customers, identifiers, identity changes and the log with people. Idempotent by the stage's cursor, which
    moves in the same transaction. Who is erased loses everything at that event. Returns how many events were consumed.
    """
    try:
        with cursors.reading(STAGE, wait=False) as reading:
            upcoming = until_erasure(events.list_rows_after(reading.start, limit))
            if upcoming:
                resolution = Resolution(upcoming)
                resolution.run()
                resolution.save()
                erase_named(upcoming[-1])
                reading.position = upcoming[-1].id
    except cursors.Busy:
        return 0
    return len(upcoming)


def take_aside(event_ids: Iterable[int]) -> int:
    """Resolve events that were set aside before, now that they can be read. Part of a transaction; idempotent by event."""
    wanted = set(event_ids)
    wanted -= set(CustomerEvent.objects.filter(event_id__in=wanted).values_list("event_id", flat=True))
    rows = events.list_rows_by_id(wanted)
    resolution = Resolution(rows)
    resolution.run()
    resolution.save()
    return len(rows)


def set_order_facts(facts: Iterable[OrderFacts]) -> None:
    """Keep beside each customer what their orders amount to. Idempotent: the last hand-down stands. Part of a transaction."""
    columns = ("n_orders", "revenue_minor", "first_order_at", "last_order_at")
    rows = [(f.n_orders, f.revenue_minor, f.first_order_at, f.last_order_at, f.customer_id) for f in facts]
    update_tuples(Customer, columns, rows)


def set_tiers(*, model: str, as_of: date, facts: Iterable[TierFact]) -> int:
    """Replace everybody's place in one tier model. Writes TierMembership; idempotent by (model, as_of, facts)."""
    rows = [
        TierMembership(customer_id=f.customer_id, model=model, cell=f.cell, evidence=f.evidence, as_of=as_of)
        for f in facts
    ]
    with transaction.atomic():
        TierMembership.objects.filter(model=model).delete()
        write_rows(rows)
    return len(rows)


def reveal_field(*, customer_id: int, field: str, actor: Actor, reason: str, now: datetime) -> Revealed:
    """A personal field in clear, once, for somebody who said why. `field` is name, phone, email, address or
    identifier-<id>.

    Writes one audit entry before the value is handed out. Raises NotFound "customer_not_found", "nothing_to_reveal";
    Invalid "reason_missing", "reason_too_long"; NotAllowed "not_allowed".
    """
    person = get_personal(customer_id)
    row, kind = None, field
    if field.startswith("identifier-") and field.removeprefix("identifier-").isdigit():
        row = Identifier.objects.filter(pk=int(field.removeprefix("identifier-")), customer_id=customer_id).first()
        kind = row.kind if row else field
    if row is None and (field not in PERSONAL_FIELDS or not getattr(person, field)):
        raise NotFound("nothing_to_reveal", _("Nothing of this kind is known about this customer."))
    logged = f"identifier.{kind}" if row else field
    said = leave_out_words(reason, customer_ids=[customer_id])
    access.log_reveal(actor=actor, subject=f"customer:{customer_id}", field=logged, reason=said, now=now)
    value = open_identifier(row) if row else str(getattr(person, field))
    return Revealed(value=value, masked=masked(kind, value))


def publish(*, limit: int = 100_000) -> int:
    """Bring the lake's events, day facts, identities and customers up to date; returns how many log rows went.

    All rows of the log go, also those of nobody, up to where people have been found for them. Personal fields leave
    sealed or not at all. Idempotent by the positions in the lake's own commits: each table knows how far it is. Raises
    Unavailable "lake_unavailable", "lake_lost"; the tables that were not reached stay where they are until the next call.
    """
    _check_nothing_lost()
    upto = cursors.position_of(STAGE)
    moved = _publish_events(upto, limit)
    if merges := list_merges_after(get_position("identities", READER)):
        position = merges[-1].position
        _append("identities", identity_rows(merges), position)
    if (after := get_position("customers", READER)) < upto:
        rows, reached = changed_customers(after=after, upto=upto, limit=limit)
        _append("customers", rows, reached)
        moved += int(reached < upto)
    return moved


def _check_nothing_lost() -> None:
    """What has left the database is in the lake alone: an empty folder in its place does not become the lake."""
    left = cursors.position_of(RETIRED)
    if left and get_published_upto() < left:
        raise Unavailable(
            "lake_lost",
            _("This is not the lake that holds the events which have left the database. Is its folder there?"),
        )


def _publish_events(upto: int, limit: int) -> int:
    after, after_days = get_position("events", READER), get_position("day_facts", READER)
    found = _read_events(after, upto, limit)
    if end := _end_of(found, limit, upto, after):
        _append("events", found, end)
    counted = found if after_days == after else _read_events(after_days, upto, limit)
    if end := _end_of(counted, limit, upto, after_days):
        _append("day_facts", event_day_rows(counted, end), end)
    return max(int(found.num_rows), int(counted.num_rows))


def _append(table: str, rows: pa.Table, position: int) -> None:
    """The lake never holds what the database could still lose."""
    settle(connection)
    lake.append_rows(table=table, rows=rows, reader=READER, position=position)


def _read_events(after: int, upto: int, limit: int) -> pa.Table:
    return with_owners(events.read_log_columns(after=after, upto=upto, limit=limit))


def _end_of(found: pa.Table, limit: int, upto: int, after: int) -> int:
    """Up to where these rows are all of the log; 0 when there is nothing new."""
    if found.num_rows == limit:
        return int(found["event_id"][limit - 1].as_py())
    return upto if found.num_rows and upto > after else 0


def retire_events(*, upto: int) -> int:
    """Let go of what the stages know of events up to this one: the lake has it. Pages read both.

    Writes CustomerEvent and the cursor of retired rows, in one transaction; idempotent by that cursor. The caller has made
    sure that the lake holds these events and that every stage has read them. Returns how many rows went.
    """
    with cursors.reading(RETIRED) as reading:
        if upto <= reading.start:
            return 0
        gone = CustomerEvent.objects.filter(event_id__lte=upto).delete()[0]
        reading.position = upto
    return gone


def erase_customer(*, customer_id: int, reason: str, actor_id: int | None, now: datetime) -> ErasureView:
    """Decide that a person is erased, under every id that was merged into theirs. It cannot be taken back.

    Writes Erasure and one audit entry; `work_erasures` and the stages do what follows. Idempotent: the first decision stands.
    Raises NotFound "customer_not_found", Invalid "reason_missing", "reason_too_long".
    """
    person = get_customer(customer_id).id
    if not reason.strip():
        raise Invalid("reason_missing", _("Say in a few words why this customer is erased."), field="reason")
    with transaction.atomic():
        said = leave_out_words(reason.strip(), customer_ids=[person])
        erasure, is_new = Erasure.objects.get_or_create(
            customer_id=person, defaults={"reason": said[:MAX_REASON], "asked_at": now, "asked_by": actor_id}
        )
        if is_new:
            access.record_audit(
                actor_id=actor_id, action="customer.erased", subject=f"customer:{person}", reason=said, now=now
            )
    return view_erasure(erasure)


def work_erasures(*, now: datetime) -> int:
    """Tell the log who is erased; once the stage has read it, take their words from the log, the lake and the quarantine.

    Writes Erasure, the log, the lake. Idempotent: what is done is not done again, what a crash cut off is. Returns how many erasures
    went a step further. Raises Unavailable "lake_unavailable".
    """
    done = 0
    for erasure in Erasure.objects.filter(told_at__isnull=True).order_by("pk"):
        keep_words(erasure, known_words(list_ids_of(get_customer(erasure.customer_id).id)))
        cause = (erasure.customer_id,)
        said = {"event": CUSTOMER_ERASED, "cause": cause, "customer_id": erasure.customer_id, "at": erasure.asked_at}
        event_log.record_outcomes([{**said, "properties": {}}])
        Erasure.objects.filter(pk=erasure.pk).update(told_at=now)
        done += 1
    read = Customer.objects.filter(erased_by_event__isnull=False).values("pk")
    for erasure in Erasure.objects.filter(done_at__isnull=True, customer_id__in=read).order_by("pk"):
        if forget(erasure, reader=READER, now=now):
            Erasure.objects.filter(pk=erasure.pk).update(done_at=now)
            done += 1
    return done


def forget_words(customer_ids: Iterable[int], *, now: datetime) -> int:
    """Free texts were searched for what named these people: the words themselves go, and soon the lake's files of before. Writes Erasure;
    idempotent. An erasure that is not through keeps them. Returns how many went."""
    done = Erasure.objects.filter(customer_id__in=list(customer_ids), done_at__isnull=False, words__isnull=False)
    return done.update(words=None, files_due_at=now + timedelta(hours=settings.ERASED_FILES_HOURS))


def drop_erased_files(*, now: datetime) -> int:
    """Delete the lake's files that erasures replaced, when their time is over. Writes the lake, Erasure. Idempotent. Returns how many
    files went. Raises Unavailable "lake_unavailable"; then the next call deletes them."""
    due = list(Erasure.objects.filter(files_due_at__lte=now).values_list("pk", flat=True))
    if not due:
        return 0
    hours = settings.ERASED_FILES_HOURS
    gone = sum(lake.drop_replaced_files(table=table, hours=hours) for table in ("events", "customers"))
    Erasure.objects.filter(pk__in=due, files_due_at__lte=now).update(files_due_at=None)
    return gone


def leave_out_words(text: str, *, customer_ids: Iterable[int]) -> str:
    """The text without what names these people today: for trails that nobody can change afterwards."""
    ids = [key for person in customer_ids for key in list_ids_of(person)]
    return known_words(ids).redact(text)
