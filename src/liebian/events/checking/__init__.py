"""Registered kinds of events: the rules of their fields, safe casts, learning and repair. Plain Python, knows no database."""
