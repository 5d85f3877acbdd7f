"""Pages of `events`: imports and sources."""
