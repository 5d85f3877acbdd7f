"""Pages of the ledger: flows and entries, one account, one entry, the proof of zero. They only read."""

from liebian.ledger.views.details import account_page, entry_page, proof
from liebian.ledger.views.home import home

__all__ = ["account_page", "entry_page", "home", "proof"]
