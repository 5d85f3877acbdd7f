"""Orders: products, orders, refunds. Reads events with people; tells the customers below what their orders amount to.

Does not know tiers, rewards or referrals; they read its log of changes.
"""
