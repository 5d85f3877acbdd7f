from liebian.ledger.tests.support import erasable_ledger

__all__ = ["erasable_ledger"]
