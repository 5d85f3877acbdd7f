"""Experiments: what would not have happened without us. One module per design."""
