"""Pages of payouts."""

from liebian.payouts.views.accounts import account_edit, account_list
from liebian.payouts.views.batches import batch_decide, batch_file, batch_list, batch_page, waiting
from liebian.payouts.views.cash import cash_new
from liebian.payouts.views.notices import notice
from liebian.payouts.views.panel import customer_panel, reward_panel
from liebian.payouts.views.payees import payee, payee_file, payee_forget
from liebian.payouts.views.payouts import payout_call_back, payout_give_up, payout_page, payout_result
from liebian.payouts.views.recordings import record, recording_decide
from liebian.payouts.views.results import results
from liebian.payouts.views.statements import explain, statement_new, statements
from liebian.payouts.views.taxes import taxes, taxes_file

__all__ = [
    "account_edit",
    "account_list",
    "batch_decide",
    "batch_file",
    "batch_list",
    "batch_page",
    "cash_new",
    "customer_panel",
    "explain",
    "notice",
    "payee",
    "payee_file",
    "payee_forget",
    "payout_call_back",
    "payout_give_up",
    "payout_page",
    "payout_result",
    "record",
    "recording_decide",
    "results",
    "reward_panel",
    "statement_new",
    "statements",
    "taxes",
    "taxes_file",
    "waiting",
]
