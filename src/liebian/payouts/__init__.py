"""Payouts: rewards of money on their way to people — batches that two persons stand for, providers, what they answer, tax.

Owns payees, batches, payouts and what providers say about them. Does not own the money: budgets and rewards are `rewards`', which is told
what became of each payout. Does not decide who deserves money.
"""
