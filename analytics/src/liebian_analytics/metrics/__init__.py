"""Metrics are functions: lazy tables in, lazy table out (small statistics: a frozen value). One module per question."""
