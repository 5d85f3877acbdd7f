"""What a programme brought: against the people who were held out, per participant, per day, and what it cost."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np
from liebian_analytics.experiments.holdout import CostPerIncremental, Incremental, incremental
from liebian_analytics.metrics.virality import CycleTime, KFactor, cycle_time, generations, k_factor

from liebian.core.days import day_end, day_of, day_start
from liebian.customers import queries as customers
from liebian.referrals.models import Participation, Qualification, Referral, Touch
from liebian.referrals.queries.people import BOUND, list_edges
from liebian.referrals.types import ProgrammeView
from liebian.rewards import queries as rewards

OBSERVED_DAYS = 14
"""A participant who began less than this many days ago has hardly had time to bring anybody."""
_MAX_POINTS = 60


@dataclass(frozen=True, slots=True)
class KPoint:
    """K of everybody who had begun by the end of a day."""

    day: date
    k: KFactor
    provisional: bool


@dataclass(frozen=True, slots=True)
class Results:
    """The first thing the programme's page says. Amounts are minor units; `naive_cost` divides by attributed friends."""

    effect: Incremental
    cost: CostPerIncremental
    spent_minor: int
    attributed: int
    naive_cost: int | None


def get_results(programme: ProgrammeView, *, as_of: datetime) -> Results:
    """New paying customers per participant, treated against held out, and what each one that was gained cost."""
    outcomes = list_outcomes(programme, as_of=as_of)
    effect = incremental(outcomes["treated"], outcomes["holdout"])
    spent = rewards.get_programme_totals(programme.id).net_minor
    attributed = Referral.objects.filter(programme_id=programme.id, state="qualified", bound_at__lt=as_of).count()
    return Results(
        effect,
        effect.cost_per_incremental(max(spent, 0)),
        spent,
        attributed,
        spent // attributed if attributed else None,
    )


def list_outcomes(programme: ProgrammeView, *, as_of: datetime) -> dict[str, list[int]]:
    """New paying customers of every participant, zeros included, by arm.

    Both arms are counted by the same rule: a person whose first order lies in the period counts once, for the customer
    whom they named as having recommended us, and otherwise for the inviter to whom they are bound. What somebody said
    goes first, so that a code cannot take over what a recommendation brought.
    """
    people = Participation.objects.filter(programme_id=programme.id, drawn_at__lt=as_of)
    arms: dict[int, str] = dict(people.order_by("id").values_list("customer_id", "arm"))
    start, end = _period(programme, as_of)
    brought: dict[int, int] = {}
    for person in customers.list_recommended(ordered_from=start, ordered_before=end):
        if person.referred_by in arms and person.referred_by != person.customer_id:
            brought[person.customer_id] = person.referred_by
    edges = {friend: inviter for friend, inviter, _, _ in list_edges(programme.id, as_of=as_of)}
    for friend, view in customers.list_customers_by_id(set(edges) - set(brought)).items():
        if view.first_order_at is not None and start <= view.first_order_at < end:
            brought[friend] = edges[friend]
    counts = Counter(brought.values())
    return {arm: [counts[person] for person, drawn in arms.items() if drawn == arm] for arm in ("treated", "holdout")}


def _period(programme: ProgrammeView, as_of: datetime) -> tuple[datetime, datetime]:
    assert programme.starts_on is not None and programme.ends_on is not None
    start = day_start(programme.starts_on, programme.zone)
    return start, min(day_start(programme.ends_on, programme.zone), max(as_of, start))


def list_starts(programme_id: int, *, as_of: datetime) -> dict[int, datetime]:
    """When each participant began: first looked at their page, shared, or had their link opened."""
    starts: dict[int, datetime] = {}
    touches = Touch.objects.filter(programme_id=programme_id, at__lt=as_of).order_by("-event_id")
    for person, at in touches.values_list("participation__customer_id", "at"):
        starts[person] = min(at, starts.get(person, at))
    bound = Referral.objects.filter(programme_id=programme_id, state__in=BOUND, bound_at__lt=as_of)
    for person, at in bound.values_list("referrer_id", "bound_at"):
        starts[person] = min(at, starts.get(person, at))
    return starts


def get_cycle_time(programme_id: int, *, as_of: datetime) -> CycleTime:
    """From a participant's beginning to the friend's sign-up."""
    starts = list_starts(programme_id, as_of=as_of)
    pairs = [(starts[inviter], at) for _, inviter, _, at in list_edges(programme_id, as_of=as_of) if inviter in starts]
    naive = [(one.replace(tzinfo=None), two.replace(tzinfo=None)) for one, two in pairs]
    return cycle_time(
        np.array([one for one, _ in naive], dtype="datetime64[us]"),
        np.array([two for _, two in naive], dtype="datetime64[us]"),
    )


def list_k(programme: ProgrammeView, *, as_of: datetime) -> list[KPoint]:
    """K of the participants who had begun by each day (at most 60 points), counting what they have brought up to now.

    The last point is everybody. A cohort is provisional until all of it has been observed for OBSERVED_DAYS. Each friend
    counts once, net of refunds.
    """
    starts = list_starts(programme.id, as_of=as_of)
    good = Qualification.objects.filter(programme_id=programme.id, outcome="qualified", at__lt=as_of)
    counts = Counter(good.values_list("referral__referrer_id", flat=True))
    points = []
    for day in _days(programme, as_of):
        end = min(day_end(day, programme.zone), as_of)
        begun = [person for person, at in starts.items() if at < end]
        if begun:
            ripe = all(starts[person] < as_of - timedelta(days=OBSERVED_DAYS) for person in begun)
            values = np.array([counts[person] for person in begun], dtype=np.int64)
            points.append(KPoint(day, k_factor(values, seed=programme.id), not ripe))
    return points


def _days(programme: ProgrammeView, as_of: datetime) -> list[date]:
    assert programme.starts_on is not None and programme.ends_on is not None
    last = min(programme.ends_on - timedelta(days=1), day_of(as_of, programme.zone))
    total = (last - programme.starts_on).days + 1
    if total <= 0:
        return []
    step = -(-total // _MAX_POINTS)
    return [last - timedelta(days=back) for back in range(0, total, step)][::-1]


def get_generations(programme_id: int, *, as_of: datetime) -> tuple[tuple[int, ...], int | None, int]:
    """(people per generation, root of the tree with most paying friends, how many), by invitations that were bound.

    With equal numbers the tree with more friends goes first, so a tree of friends who gave everything back does not lead.
    """
    edges = list_edges(programme_id, as_of=as_of)
    pairs = [(friend, inviter) for friend, inviter, _, _ in edges]
    if not pairs:
        return (), None, 0
    found = generations(_without_circles(pairs))
    root_of = dict(zip(found.members.tolist(), found.roots.tolist(), strict=True))
    people = Counter(root_of.values())
    paying = Counter(root_of[friend] for friend, _, state, _ in edges if state == "qualified" and friend in root_of)
    best = max(people, key=lambda root: (paying[root], people[root], -root))
    return found.sizes, best, paying[best]


def _without_circles(pairs: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Leaves out an invitation that would make somebody their own descendant; a merge of people can lead to one."""
    above: dict[int, int] = {}
    kept = []
    for friend, inviter in pairs:
        walker: int | None = inviter
        while walker is not None and walker != friend:
            walker = above.get(walker)
        if walker is None:
            above[friend] = inviter
            kept.append((friend, inviter))
    return kept
