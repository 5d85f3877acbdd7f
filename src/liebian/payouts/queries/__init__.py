"""Reads of payouts: accounts, payees, what waits, batches, payouts with their history, findings, tax."""

from liebian.payouts.queries.accounts import get_account, get_payee_hints, list_accounts, view_account
from liebian.payouts.queries.batches import (
    count_batches_waiting,
    get_batch,
    get_payout,
    list_batches,
    list_payout_changes,
    list_payouts,
    view_batch,
)
from liebian.payouts.queries.findings import count_open_findings, list_findings, list_recordings, list_statements
from liebian.payouts.queries.months import tax_now
from liebian.payouts.queries.people import list_money_of, list_to_confirm
from liebian.payouts.queries.results import list_all_paid, plan_results
from liebian.payouts.queries.taxes import TaxDifference, TaxRow, list_tax_differences, list_taxes
from liebian.payouts.queries.waiting import count_waiting, list_waiting

__all__ = [
    "TaxDifference",
    "TaxRow",
    "count_batches_waiting",
    "count_open_findings",
    "count_waiting",
    "get_account",
    "get_batch",
    "get_payee_hints",
    "get_payout",
    "list_accounts",
    "list_all_paid",
    "list_batches",
    "list_findings",
    "list_money_of",
    "list_payout_changes",
    "list_payouts",
    "list_recordings",
    "list_statements",
    "list_tax_differences",
    "list_taxes",
    "list_to_confirm",
    "list_waiting",
    "plan_results",
    "tax_now",
    "view_account",
    "view_batch",
]
