"""Segments: named rules that say which customers they mean, evaluated over the lake as of any day, and kept live by a stage.

Owns the definitions, day facts of people, memberships from when to when, and the history of sizes. Does not own the language
of rules (liebian_analytics.rules), nor what is known about people (customers).
"""
