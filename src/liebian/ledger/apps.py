from django.apps import AppConfig


class LedgerConfig(AppConfig):
    name = "liebian.ledger"
    label = "ledger"
