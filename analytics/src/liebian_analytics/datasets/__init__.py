"""Tiny known data for examples and tests. Never shown as anybody's figures."""
