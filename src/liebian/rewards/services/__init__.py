"""Writes of rewards. Every act locks its budgets first, then posts once to the ledger, all in one transaction."""

from liebian.ledger.services import expire_holds, run_full_proof
from liebian.rewards.services.budget_acts import propose_budget_close, propose_budget_transfer, propose_funding
from liebian.rewards.services.budget_moves import close_budget, reopen_budget, transfer_budget
from liebian.rewards.services.budgets import create_budget, fund_budget, set_budget_warning, set_shards, share_out
from liebian.rewards.services.checkout import (
    answer_once,
    drop_old_answers,
    give_back,
    let_carts_lapse,
    quote_coupons,
    redeem_reservation,
    reserve_coupons,
)
from liebian.rewards.services.checks import CHECKS
from liebian.rewards.services.comparisons import ask_comparison, run_comparison
from liebian.rewards.services.coupon_pools import (
    create_pool,
    generate_codes,
    import_codes,
    iterate_rows,
    set_retail_code,
    take_codes,
)
from liebian.rewards.services.coupons import expire_coupons, redeem_coupons
from liebian.rewards.services.deadlines import end_undecided, return_unclaimed_gifts, set_deadlines
from liebian.rewards.services.erasing import end_rewards
from liebian.rewards.services.forecasting import forecast_budgets, set_budget_horizon, stretch_budget
from liebian.rewards.services.gifts import (
    erase_addresses,
    move_parcels,
    restock,
    set_address,
    set_own_address,
    ship_table,
)
from liebian.rewards.services.grants import grant_pairs
from liebian.rewards.services.issuing import (
    call_back,
    mark_awaiting,
    mark_issued,
    mark_issued_late,
    return_unissued,
    write_off_unissued,
)
from liebian.rewards.services.liability import set_point_value, take_stock
from liebian.rewards.services.offers import create_offer
from liebian.rewards.services.own import tell_own_rewards
from liebian.rewards.services.points import (
    activate_points,
    adjust_points,
    burn_points,
    claw_points,
    decide_shortage,
    earn_points,
    expire_many_points,
    expire_points,
    expire_reservations,
    free_lapsed_points,
    merge_points,
    release_by_hand,
    release_reserved,
    restore_points,
    set_points_terms,
    take_back_by_hand,
    transfer_by_hand,
    transfer_points,
    use_reserved,
)
from liebian.rewards.services.points_reviews import propose_adjustment
from liebian.rewards.services.reconciling import (
    explain_alarm,
    list_checks,
    prove_ahead,
    raise_alarm,
    reconcile,
    reconcile_night,
    settle_alarm,
)
from liebian.rewards.services.refunds import cancel_or_claw_back, cancel_rewards, claw_back_many, claw_back_rewards
from liebian.rewards.services.releases import release_due, release_rewards
from liebian.rewards.services.reviews import decide_review, propose_review, set_review_policy
from liebian.rewards.services.shop_keys import admit_shop, create_shop_key, set_shop_key_enabled
from liebian.rewards.services.texts import redact_texts

__all__ = [
    "CHECKS",
    "activate_points",
    "adjust_points",
    "admit_shop",
    "answer_once",
    "ask_comparison",
    "burn_points",
    "call_back",
    "cancel_or_claw_back",
    "cancel_rewards",
    "claw_back_many",
    "claw_back_rewards",
    "claw_points",
    "close_budget",
    "create_budget",
    "create_offer",
    "create_pool",
    "create_shop_key",
    "decide_review",
    "decide_shortage",
    "drop_old_answers",
    "earn_points",
    "end_rewards",
    "end_undecided",
    "erase_addresses",
    "expire_coupons",
    "expire_holds",
    "expire_many_points",
    "expire_points",
    "expire_reservations",
    "explain_alarm",
    "forecast_budgets",
    "free_lapsed_points",
    "fund_budget",
    "generate_codes",
    "give_back",
    "grant_pairs",
    "import_codes",
    "iterate_rows",
    "let_carts_lapse",
    "list_checks",
    "mark_awaiting",
    "mark_issued",
    "mark_issued_late",
    "merge_points",
    "move_parcels",
    "propose_adjustment",
    "propose_budget_close",
    "propose_budget_transfer",
    "propose_funding",
    "propose_review",
    "prove_ahead",
    "quote_coupons",
    "raise_alarm",
    "reconcile",
    "reconcile_night",
    "redact_texts",
    "redeem_coupons",
    "redeem_reservation",
    "release_by_hand",
    "release_due",
    "release_reserved",
    "release_rewards",
    "reopen_budget",
    "reserve_coupons",
    "restock",
    "restore_points",
    "return_unclaimed_gifts",
    "return_unissued",
    "run_comparison",
    "run_full_proof",
    "set_address",
    "set_budget_horizon",
    "set_budget_warning",
    "set_deadlines",
    "set_own_address",
    "set_point_value",
    "set_points_terms",
    "set_retail_code",
    "set_review_policy",
    "set_shards",
    "set_shop_key_enabled",
    "settle_alarm",
    "share_out",
    "ship_table",
    "stretch_budget",
    "take_back_by_hand",
    "take_codes",
    "take_stock",
    "tell_own_rewards",
    "transfer_budget",
    "transfer_by_hand",
    "transfer_points",
    "use_reserved",
    "write_off_unissued",
]
