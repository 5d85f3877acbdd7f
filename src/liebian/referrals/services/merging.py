"""People who turn out to be one: their referrals follow, and a link that now leads to oneself, closes a ring or brings the same
friend a second time is ended.

Owns at which place of the log a merge counts. Does not own who is merged (customers) nor their points (rewards).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime
from itertools import takewhile

from django.db import connection
from django.db.models import Q

from liebian.core import cursors
from liebian.core.durability import commit_durably
from liebian.customers import queries as customers
from liebian.customers.types import Merge
from liebian.events import queries as events
from liebian.referrals.models import Outcome, Participation, Qualification, Referral, ReferralDecision, Touch
from liebian.referrals.rules import Link, bound_by, find_ring, reward_key, youngest_link
from liebian.referrals.types import BOUND_FOR_GOOD, Check
from liebian.rewards import services as rewards

MERGES = "referrals.merges"
BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)


def follow_merges(*, upto: int) -> int:
    """Apply every merge that the log holds up to event `upto`, one after the other. Part of a transaction.

    Writes Touch, Referral, Qualification, ReferralDecision, Participation, Outcome, and rewards through their services.
    Idempotent by the cursor, and by the qualifications whose rewards are taken back. Returns how many were new.
    """
    if not customers.list_merges_after(MERGES, 1):
        return 0
    with cursors.reading(MERGES) as reading:
        merges = list(takewhile(lambda each: each.event_id <= upto, customers.list_merges_after(reading.start)))
        moments = _moments(merges)
        for merge in merges:
            _follow(merge, moments.get(merge.event_id, BEGINNING))
            reading.position = merge.position
    return len(merges)


def first_merge_of(people: Iterable[int], *, upto: int) -> int | None:
    """The event of the first waiting merge that takes somebody away of whom referrals know, or who is among `people`."""
    waiting = [each for each in customers.list_merges_after(MERGES) if each.event_id <= upto]
    losers = {each.loser_id for each in waiting}
    if not losers:
        return None
    known = losers & set(people)
    known |= set(Participation.objects.filter(customer_id__in=losers).values_list("customer_id", flat=True))
    for side in ("referrer_id", "referee_id"):
        known |= set(Referral.objects.filter(**{f"{side}__in": losers}).values_list(side, flat=True))
    return min((each.event_id for each in waiting if each.loser_id in known), default=None)


def _moments(merges: list[Merge]) -> dict[int, datetime]:
    people = {who for merge in merges for who in (merge.loser_id, merge.winner_id)}
    told = events.list_events_by_id({merge.event_id for merge in merges}, owners=people)
    return {key: event.at for key, event in told.items()}


def _follow(merge: Merge, at: datetime) -> None:
    """The winner's own participation stands, that of the loser in the same programme stays under the old number."""
    loser, winner = merge.loser_id, merge.winner_id
    between = Q(referrer_id=loser, referee_id=winner) | Q(referrer_id=winner, referee_id=loser)
    for row in Referral.objects.filter(between, state__in=BOUND_FOR_GOOD).order_by("id"):
        _end(row, "merged_self_referral", merge, at)
    Touch.objects.filter(customer_id=loser).update(customer_id=winner)
    ReferralDecision.objects.filter(customer_id=loser).update(customer_id=winner)
    Referral.objects.filter(referrer_id=loser).update(referrer_id=winner)
    theirs = Participation.objects.filter(customer_id=winner).values("programme_id")
    Participation.objects.filter(customer_id=loser).exclude(programme_id__in=theirs).update(customer_id=winner)
    rows: dict[int, list[Referral]] = defaultdict(list)
    for row in Referral.objects.filter(referee_id__in=(loser, winner)).order_by("id"):
        rows[row.programme_id].append(row)
    for programme_id in sorted(rows):
        _be_one_friend(rows[programme_id], merge, at)


def _be_one_friend(rows: list[Referral], merge: Merge, at: datetime) -> None:
    """Of two links the one that was made first stands, unless it closes a ring; the other one is ended.

    Who has no link that counts keeps the row of the person who stays. The other row goes on under the old number.
    """
    links = sorted((row for row in rows if row.state in BOUND_FOR_GOOD), key=lambda row: bound_by(_link(row)))
    if not links and len(rows) == 1:
        _give(rows[0], rows, merge)
    stands = False
    for row in links:
        if stands:
            _end(row, "merged_duplicate", merge, at)
            continue
        _give(row, rows, merge)
        _open_ring(row, merge, at)
        stands = row.state in BOUND_FOR_GOOD


def _give(row: Referral, rows: list[Referral], merge: Merge) -> None:
    """Make it the row of the person who stays; their own, if there is one, takes the old number."""
    if row.referee_id == merge.winner_id:
        return
    own = next((each for each in rows if each is not row), None)
    if own is not None:
        Referral.objects.filter(pk=own.pk).update(referee_id=-own.pk)  # nobody's, while the numbers change hands
    row.referee_id = merge.winner_id
    row.save(update_fields=["referee_id"])
    if own is not None:
        own.referee_id = merge.loser_id
        own.save(update_fields=["referee_id"])


def _open_ring(first: Referral, merge: Merge, at: datetime) -> None:
    """A ring that a merge closes leads through the person who stays, and nobody has two inviters in a programme: it is one at most."""
    rows = {first.referee_id: first}
    who = first.referrer_id
    while who not in rows:
        row = Referral.objects.filter(programme_id=first.programme_id, referee_id=who, state__in=BOUND_FOR_GOOD).first()
        if row is None:
            return
        rows[who] = row
        who = row.referrer_id
    links = {friend: _link(row) for friend, row in rows.items()}
    ring = find_ring(links, first.referee_id)
    if ring:
        _end(rows[youngest_link(ring).friend], "merged_ring", merge, at)


def _link(row: Referral) -> Link:
    return Link(row.referee_id, row.referrer_id, row.pk, row.trace)


def _end(row: Referral, reason: str, merge: Merge, at: datetime) -> None:
    """The link counts no more; everything that it earned is taken back, as after a refund of the whole order."""
    check = Check(reason, False, {"merged": merge.loser_id, "into": merge.winner_id}).as_json()
    row.state, row.reason = "refused", reason
    row.trace = [*row.trace, {"at": at.isoformat(), "event": merge.event_id, "code": row.code, "checks": [check]}]
    row.save(update_fields=["state", "reason", "trace"])
    counted = Qualification.objects.filter(referral=row, outcome="qualified").order_by("id")
    keys = [reward_key(row.programme_id, order) for order in counted.values_list("order_external_id", flat=True)]
    counted.update(outcome="reversed", reason=reason)
    if keys:
        commit_durably(connection)
        rewards.cancel_rewards(qualifications=keys, reason=reason, at=at, now=at)
    Outcome.objects.get_or_create(
        cause=f"Referral Reversed:{row.pk}:merged:{merge.event_id}",
        defaults={
            "name": "Referral Reversed", "customer_id": row.referee_id, "programme_id": row.programme_id, "at": at,
            "properties": {"programme_id": row.programme_id, "reason": reason, "referrer_id": row.referrer_id},
        },
    )  # fmt: skip
