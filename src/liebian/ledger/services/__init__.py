"""Writes of the ledger: posting, two-step holds, pools, the proof. Only `rewards` calls them."""

from liebian.ledger.services.full_proofs import ask_full_proof, run_full_proof
from liebian.ledger.services.holds import (
    expire_holds,
    post_hold,
    post_holds,
    reserve,
    reserve_each,
    void_hold,
    void_holds,
)
from liebian.ledger.services.pools import post_each_pooled, reshard
from liebian.ledger.services.posting import lock_balances, open_accounts, post, post_each, post_many, reverse
from liebian.ledger.services.proving import is_proof_due, prove
from liebian.ledger.services.wide import post_wide

__all__ = [
    "ask_full_proof",
    "expire_holds",
    "is_proof_due",
    "lock_balances",
    "open_accounts",
    "post",
    "post_each",
    "post_each_pooled",
    "post_hold",
    "post_holds",
    "post_many",
    "post_wide",
    "prove",
    "reserve",
    "reserve_each",
    "reshard",
    "reverse",
    "run_full_proof",
    "void_hold",
    "void_holds",
]
