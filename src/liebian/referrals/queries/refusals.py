"""What a programme refused, by reason."""

from __future__ import annotations

from collections import Counter, defaultdict

from django.db.models import Count

from liebian.referrals.models import Referral, ReferralDecision


def count_refusals(programme_id: int) -> list[tuple[str, dict[str, int]]]:
    """Reasons, the most frequent first, with how often each side heard them: sign_up, referrer, friend.

    `rewards` says how many of these are refusals of rewards; the others were decided before any reward was asked for.
    """
    found: dict[str, Counter[str]] = defaultdict(Counter)
    signed_up = Referral.objects.filter(programme_id=programme_id, state="refused")
    for reason, n in signed_up.values_list("reason").annotate(n=Count("id")):
        found[reason]["sign_up"] += n
    refused = ReferralDecision.objects.filter(qualification__programme_id=programme_id, outcome="refused")
    rows = refused.values_list("reason", "role").annotate(n=Count("id"), rewards=Count("reward_id"))
    for reason, role, n, of_rewards in rows:
        found[reason][role] += n
        found[reason]["rewards"] += of_rewards
    return sorted(((key, dict(each)) for key, each in found.items()), key=lambda each: (-_times(each[1]), each[0]))


def _times(counts: dict[str, int]) -> int:
    return sum(n for side, n in counts.items() if side != "rewards")
