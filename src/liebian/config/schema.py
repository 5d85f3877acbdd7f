"""Whether the databases have the tables of this version. Owns the question and the way there."""

from __future__ import annotations

from django.conf import settings
from django.core.management import call_command
from django.db import DatabaseError, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.executor import MigrationExecutor


def count_open_migrations(connection: BaseDatabaseWrapper) -> int:
    """How many migrations this database has not seen. Raises DatabaseError when it cannot be reached."""
    executor = MigrationExecutor(connection)
    return len(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def is_migrated() -> bool:
    """Whether every database is known to be up to date; one that cannot be reached counts as such, as nothing is known of it."""
    try:
        return not any(count_open_migrations(connections[alias]) for alias in settings.DATABASES)
    except DatabaseError:
        return True


def bring_up_to_date() -> None:
    """Migrate every database. Idempotent."""
    for alias in settings.DATABASES:
        call_command("migrate", database=alias, verbosity=0, interactive=False)
