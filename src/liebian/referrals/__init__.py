"""Referrals: programmes in which a customer brings a friend and both are thanked.

Owns programmes, who takes part and who is held out, touches, referrals, qualifications and the reasons of every decision.
Does not own people (customers), orders, or money: rewards decides what a budget carries and is the only writer of the ledger.
"""
