"""A real server in a process of its own: for clients that know nothing of Django."""
