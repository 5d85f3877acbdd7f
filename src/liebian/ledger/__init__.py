"""Accounts, entries, postings: who holds how much of what, and every movement that made it so.

Owns money and points as numbers. Does not know budgets, rewards or customers: owners are opaque account codes.
"""
