"""Things without business words: errors, clock, ids, money, days, crypto, cursors. Imports nothing of the product."""
