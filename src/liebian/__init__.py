"""Liebian: growth through the customers a company already has."""

__version__ = "0.1.0"
