"""Customers: one profile per person. Owns people, identifiers, merges, attributes, facts handed down from above, timelines.

Reads the event log; does not know orders, tiers or referrals, which hand their results down through `services`.
"""
