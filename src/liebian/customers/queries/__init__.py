"""Reads of `customers`: the front door. One module per noun.

Personal fields leave masked (`listing`, `profile`), or in clear through `people` for matching and for a logged reveal.
"""

from liebian.customers.queries.contacts import contacts_of, list_contacts_told
from liebian.customers.queries.erasures import find_erasure, list_erased, list_erasers, list_returned, was_erased
from liebian.customers.queries.listing import count_customers, list_customers, list_filter_choices
from liebian.customers.queries.merges import rebuild_before_merge
from liebian.customers.queries.people import (
    count_in_tier,
    count_known,
    count_merges,
    count_new_buyers,
    find_customer,
    find_customer_id,
    find_next_event_id,
    get_by_user_id,
    get_customer,
    get_merges_end,
    get_personal,
    get_position,
    list_customer_events,
    list_customer_events_after,
    list_customers_by_id,
    list_ids_of,
    list_merges_after,
    list_merges_of,
    list_owners,
    list_personal,
    list_recommended,
    list_user_ids,
    normalise,
)
from liebian.customers.queries.profile import get_freshness, get_profile, list_facts, list_identifiers
from liebian.customers.queries.seen import (
    find_final_ids,
    find_seen_ids,
    find_selves,
    list_cells,
    list_known_ids_after,
    list_merged_into,
    list_rule_attributes,
    list_seen_events_after,
)
from liebian.customers.queries.tiers import list_tiers
from liebian.customers.queries.timeline import list_timeline

__all__ = [
    "contacts_of",
    "count_customers",
    "count_in_tier",
    "count_known",
    "count_merges",
    "count_new_buyers",
    "find_customer",
    "find_customer_id",
    "find_erasure",
    "find_final_ids",
    "find_next_event_id",
    "find_seen_ids",
    "find_selves",
    "get_by_user_id",
    "get_customer",
    "get_freshness",
    "get_merges_end",
    "get_personal",
    "get_position",
    "get_profile",
    "list_cells",
    "list_contacts_told",
    "list_customer_events",
    "list_customer_events_after",
    "list_customers",
    "list_customers_by_id",
    "list_erased",
    "list_erasers",
    "list_facts",
    "list_filter_choices",
    "list_identifiers",
    "list_ids_of",
    "list_known_ids_after",
    "list_merged_into",
    "list_merges_after",
    "list_merges_of",
    "list_owners",
    "list_personal",
    "list_recommended",
    "list_returned",
    "list_rule_attributes",
    "list_seen_events_after",
    "list_tiers",
    "list_timeline",
    "list_user_ids",
    "normalise",
    "rebuild_before_merge",
    "was_erased",
]
