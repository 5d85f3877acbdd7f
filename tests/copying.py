"""The databases of a test process are copies of one that was migrated once for all processes of the run, not migrated anew."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db.backends.base.creation import BaseDatabaseCreation

from tests.live import template

FILES = dict(zip(("default", "log"), template.FILES, strict=True))


@contextmanager
def instead_of_migrating() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(BaseDatabaseCreation, "create_test_db", _create)
        yield


def _create(creation: Any, verbosity: int = 1, autoclobber: bool = False, **_: bool) -> str:
    """What Django does, without the way through the migrations."""
    connection = creation.connection
    name = str(creation._get_test_db_name())
    if connection.vendor == "postgresql":
        connection.settings_dict["TEST"]["TEMPLATE"] = template.made_database(os.environ["DATABASE_URL"])
        creation._create_test_db(verbosity, autoclobber)
    else:
        template.copy_file(FILES[connection.alias], Path(name))
    connection.close()
    settings.DATABASES[connection.alias]["NAME"] = connection.settings_dict["NAME"] = name
    connection.ensure_connection()
    return name
