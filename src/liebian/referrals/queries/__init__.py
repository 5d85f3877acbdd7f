"""Reads of referrals."""

from liebian.referrals.queries.drafts import (
    check_draft,
    fundable,
    list_made_choices,
    list_target_choices,
    list_targets,
    offers_of,
)
from liebian.referrals.queries.landing import count_pairs_left, get_landing, is_signed_up, sign_up_facts
from liebian.referrals.queries.measures import (
    KPoint,
    Results,
    get_cycle_time,
    get_generations,
    get_results,
    list_k,
    list_outcomes,
)
from liebian.referrals.queries.people import (
    STEPS,
    count_people,
    list_edges,
    list_people,
    list_top_inviters,
    list_tree,
)
from liebian.referrals.queries.programmes import (
    count_arms,
    find_participation,
    find_programme,
    get_participation,
    get_programme,
    list_codes,
    list_participants,
    list_participations,
    list_programmes,
    token_of,
)
from liebian.referrals.queries.refusals import count_refusals
from liebian.referrals.queries.why import find_people, list_qualifications, list_referrals, list_story

__all__ = [
    "STEPS",
    "KPoint",
    "Results",
    "check_draft",
    "count_arms",
    "count_pairs_left",
    "count_people",
    "count_refusals",
    "find_participation",
    "find_people",
    "find_programme",
    "fundable",
    "get_cycle_time",
    "get_generations",
    "get_landing",
    "get_participation",
    "get_programme",
    "get_results",
    "is_signed_up",
    "list_codes",
    "list_edges",
    "list_k",
    "list_made_choices",
    "list_outcomes",
    "list_participants",
    "list_participations",
    "list_people",
    "list_programmes",
    "list_qualifications",
    "list_referrals",
    "list_story",
    "list_target_choices",
    "list_targets",
    "list_top_inviters",
    "list_tree",
    "offers_of",
    "sign_up_facts",
    "token_of",
]
