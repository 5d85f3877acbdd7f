"""Writes of payouts. What moves money is told to rewards in the same transaction."""

from liebian.payouts.services.accounts import save_account
from liebian.payouts.services.answers import apply_answer, apply_notice
from liebian.payouts.services.batches import decide_batch, propose_batch
from liebian.payouts.services.checks import CHECKS
from liebian.payouts.services.findings import explain_finding
from liebian.payouts.services.giving_up import follow_given_up, give_up
from liebian.payouts.services.hands import hand_over, record_result
from liebian.payouts.services.payee_table import import_payees
from liebian.payouts.services.payees import follow_erasures, forget_payee, set_payee
from liebian.payouts.services.recordings import decide_recording, propose_recording
from liebian.payouts.services.results import record_results
from liebian.payouts.services.sending import ask_open, call_back_payout, send_ready, work_payouts
from liebian.payouts.services.statements import compare_statement
from liebian.payouts.services.texts import redact_texts
from liebian.payouts.services.unclaimed import return_unclaimed

__all__ = [
    "CHECKS",
    "apply_answer",
    "apply_notice",
    "ask_open",
    "call_back_payout",
    "compare_statement",
    "decide_batch",
    "decide_recording",
    "explain_finding",
    "follow_erasures",
    "follow_given_up",
    "forget_payee",
    "give_up",
    "hand_over",
    "import_payees",
    "propose_batch",
    "propose_recording",
    "record_result",
    "record_results",
    "redact_texts",
    "return_unclaimed",
    "save_account",
    "send_ready",
    "set_payee",
    "work_payouts",
]
