"""Events: the front door. Owns the sources, the tracking API, file imports and the one ordered, append-only event log.

Does not know who reads the log. Personal fields of a message are sealed apart from its body before anything is written.
"""
