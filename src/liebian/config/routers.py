"""The event log lives in a database of its own where there is one (SQLite); everything else in the main one."""

from __future__ import annotations

from typing import Any

from django.conf import settings


class LogRouter:
    def _alias(self, label: str) -> str | None:
        return "log" if label == "events" and "log" in settings.DATABASES else None

    def db_for_read(self, model: Any, **hints: Any) -> str | None:
        return self._alias(model._meta.app_label)

    db_for_write = db_for_read

    def allow_relation(self, obj1: Any, obj2: Any, **hints: Any) -> bool:
        return bool(
            obj1._meta.app_label == obj2._meta.app_label or "events" not in {obj1._meta.app_label, obj2._meta.app_label}
        )

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool:
        return db == (self._alias(app_label) or "default")
