"""Segments: named rules that say which customers they mean, evaluated live over the lake as of any day.

Owns the definitions and the history of sizes. Does not own the language of rules (liebian_analytics.rules), nor membership:
who is in a segment is always computed, never stored.
"""
