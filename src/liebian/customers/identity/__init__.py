"""The identity stage at work: whose event is it? Owns the resolution of one batch in memory and its writing as sets.

Does not own the rules of the decision (`customers.rules`), the cursor (`customers.services`) or the log (`events`).
"""

from liebian.customers.identity.erasing import erase_named, until_erasure
from liebian.customers.identity.forgetting import forget
from liebian.customers.identity.resolution import Resolution
from liebian.customers.identity.words import keep_words, known_words

__all__ = ["Resolution", "erase_named", "forget", "keep_words", "known_words", "until_erasure"]
