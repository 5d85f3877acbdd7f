"""Budgets, offers, rewards, coupons, points, gifts, privileges: incentives treated as money. The only writer of the ledger.

Owns what a reward is, what it costs, and its life from held to issued or back. Does not decide who deserves one (referrals
does) and does not know programmes beyond their id.
"""
