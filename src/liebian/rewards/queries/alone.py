"""Whether an act of a person has to wait for a second one, counting what went through alone within the last 24 hours.

Customers who turned out to be one are one. Owns the sums. Does not own the policy, nor who may act. What two agreed to is in no sum: a second person has seen it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from datetime import datetime

from django.db.models import Q, QuerySet, Sum
from django.db.models.functions import Abs

from liebian.customers import queries as customers
from liebian.rewards.models import BudgetProposal, PointsProposal, ReviewItem
from liebian.rewards.queries.reviews import get_review_policy, list_fitting
from liebian.rewards.rules import ALONE_WINDOW, COUNTED_ALONE, why_second_for_points, why_second_person
from liebian.rewards.types import Act, DoneAlone, WhySecond


def why_points_wait(*, amount: int, customer_ids: Collection[int], actor: int, at: datetime) -> WhySecond:
    """Why so many points, given, taken or passed on by `actor`, wait for a second person; "" if they do not."""
    policy = get_review_policy()
    if policy.mode != "from":
        return why_second_for_points(policy, amount)
    return why_second_for_points(policy, amount, _points_alone(customer_ids, actor, at))


def why_rewards_wait(*, act: Act, reward_ids: Sequence[int], actor: int, at: datetime) -> WhySecond:
    """Why an act of `actor` on these rewards waits for a second person; "" if it does not, or if it would change nothing.

    Putting on hold is counted by itself alone: nobody has more by it, and a suspicion cannot wait.
    """
    found = list_fitting(act, reward_ids)
    if not found:
        return ""
    policy, sums = get_review_policy(), Counter[str]()
    parts: Counter[int] = Counter()
    for customer, currency, minor in found:
        sums[currency] += minor
        parts[customer] += minor if currency == policy.currency else 0
    if policy.mode != "from" or act not in COUNTED_ALONE:
        return why_second_person(policy, sums)
    return why_second_person(policy, sums, _money_alone(parts, policy.currency, actor, at))


def why_budget_act_waits(
    *, budget_ids: Collection[int], currency: str, amount_minor: int, actor: int, at: datetime
) -> WhySecond:
    """Why so much money that `actor` puts into a budget, or takes out of it, waits for a second person; "" if it does not."""
    policy, sums = get_review_policy(), {currency: amount_minor}
    if policy.mode != "from":
        return why_second_person(policy, sums)
    before = max(_sum_of_budgets(policy.currency, at, Q(budget_id=each) | Q(target_id=each)) for each in budget_ids)
    alone = DoneAlone(_money_of_staff(policy.currency, actor, at), before + amount_minor)
    why = why_second_person(policy, sums, alone)
    return "budget" if why == "customer" else why


def _points_alone(customer_ids: Collection[int], actor: int, at: datetime) -> DoneAlone:
    rows = PointsProposal.objects.filter(review__state="done", review__proposed_at__gt=at - ALONE_WINDOW)
    selves = customers.find_selves(customer_ids)
    people = [[each for each, who in selves.items() if who == person] for person in set(selves.values())]
    of_customers = [rows.filter(Q(customer_id__in=ids) | Q(details__receiver__in=ids)) for ids in people]
    return DoneAlone(_points(rows.filter(review__proposed_by=actor)), max(map(_points, of_customers), default=0))


def _points(rows: QuerySet[PointsProposal]) -> int:
    return rows.aggregate(n=Sum(Abs("amount")))["n"] or 0


def _money_alone(parts: Counter[int], currency: str, actor: int, at: datetime) -> DoneAlone:
    """Of customers with this act's parts."""
    selves = customers.find_selves(parts)
    sums: Counter[int] = Counter()
    for who, minor in parts.items():
        sums[selves[who]] += minor
    before = _rewards_alone(currency, at).filter(reward__customer_id__in=selves).values_list("reward__customer_id")
    for who, minor in before.annotate(Sum("reward__cost_minor")):
        sums[selves[who]] += minor
    return DoneAlone(_money_of_staff(currency, actor, at), max(sums.values(), default=0))


def _money_of_staff(currency: str, actor: int, at: datetime) -> int:
    """What the rewards on which they acted had cost in full, and what they put into budgets, moved or took out."""
    rows = _rewards_alone(currency, at).filter(review__proposed_by=actor)
    of_rewards = rows.aggregate(n=Sum("reward__cost_minor"))["n"] or 0
    return of_rewards + _sum_of_budgets(currency, at, Q(review__proposed_by=actor))


def _rewards_alone(currency: str, at: datetime) -> QuerySet[ReviewItem]:
    return ReviewItem.objects.filter(
        outcome="done",
        review__state="done",
        review__act__in=COUNTED_ALONE,
        review__proposed_at__gt=at - ALONE_WINDOW,
        reward__offer__currency=currency,
    )


def _sum_of_budgets(currency: str, at: datetime, whose: Q) -> int:
    rows = BudgetProposal.objects.filter(
        whose, review__state="done", review__proposed_at__gt=at - ALONE_WINDOW, budget__currency=currency
    )
    return rows.aggregate(n=Sum("amount_minor"))["n"] or 0
