"""Decisions about payouts. Plain Python."""

from liebian.payouts.rules.accounts import NEEDED, check_account, check_payee, hint_of, payee_key
from liebian.payouts.rules.findings import CHECK, FINDINGS, alarm_subject
from liebian.payouts.rules.hours import is_quiet
from liebian.payouts.rules.pace import take_calls
from liebian.payouts.rules.results import DIFFERENCES, RECORDED, complete_rows, judge_rows
from liebian.payouts.rules.statements import read_rows
from liebian.payouts.rules.states import TRANSITIONS, check_payout_transition, next_ask

__all__ = [
    "CHECK",
    "DIFFERENCES",
    "FINDINGS",
    "NEEDED",
    "RECORDED",
    "TRANSITIONS",
    "alarm_subject",
    "check_account",
    "check_payee",
    "check_payout_transition",
    "complete_rows",
    "hint_of",
    "is_quiet",
    "judge_rows",
    "next_ask",
    "payee_key",
    "read_rows",
    "take_calls",
]
