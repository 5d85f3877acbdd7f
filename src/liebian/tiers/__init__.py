"""Tiers: where each customer stands by value (RFM), share of revenue (ABC) and stage (lifecycle), as of any day.

Owns the models' parameters and the history of runs. Does not own the formulas (liebian_analytics) nor people (customers):
places are handed down through `customers.services.set_tiers`.
"""
