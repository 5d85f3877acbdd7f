"""The segments stage: events and order changes become day facts, day facts become memberships.

Owns facts, states, memberships and progress. Does not own the meaning of a rule (liebian_analytics.rules), nor the people
(customers). One step is one transaction; `liebian.segments.services` is its door.
"""
