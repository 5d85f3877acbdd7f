"""Lake: the open history as Delta tables. Owns files and versions; knows tables by name, not what they mean.

Contexts above hand in rows together with the position of their log up to which these rows go; a position is published once.
"""
