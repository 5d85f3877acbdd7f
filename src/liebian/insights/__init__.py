"""Insights: the home page and, later, dashboards and explorations. Owns no facts; asks every context below."""
