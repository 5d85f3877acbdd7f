"""Pages of the ledger: flows and entries, one account, one entry, and the proofs. They move nothing."""

from liebian.ledger.views.details import account_page, entry_page
from liebian.ledger.views.home import home
from liebian.ledger.views.proofs import full_proof, proofs

__all__ = ["account_page", "entry_page", "full_proof", "home", "proofs"]
