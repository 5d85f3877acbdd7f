"""Pages of the ledger: flows and entries, one account, one entry, the proof of zero, and the proofs of the nights. They
move nothing."""

from liebian.ledger.views.details import account_page, entry_page, proof
from liebian.ledger.views.home import home
from liebian.ledger.views.proofs import full_proof, proofs

__all__ = ["account_page", "entry_page", "full_proof", "home", "proof", "proofs"]
