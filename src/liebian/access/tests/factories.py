"""People for tests: Mei administers, Bo operates, Lin looks."""

from __future__ import annotations

from datetime import UTC, datetime

from liebian.access import services
from liebian.access.models import User
from liebian.access.permissions import ADMINISTRATOR, OPERATOR, VIEWER

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
PASSWORD = "oolong-by-the-river-7"
PEOPLE = {
    ADMINISTRATOR: ("mei@shiye.example", "Mei"),
    OPERATOR: ("bo@shiye.example", "Bo"),
    VIEWER: ("lin@shiye.example", "Lin"),
}


def make_user(role: str) -> User:
    username, name = PEOPLE[role]
    made = services.create_user(
        username=username, display_name=name, role=role, password=PASSWORD, actor_id=None, now=NOW
    )
    return User.objects.get(pk=made.id)
