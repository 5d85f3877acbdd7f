"""liebian user …: who may log in."""

from __future__ import annotations

import cyclopts

from liebian.access import queries as access
from liebian.access import services
from liebian.config.cli.first_login import forget_first_password
from liebian.config.cli.root import app
from liebian.config.terminal import console, print_json
from liebian.core import clock
from liebian.core.errors import NotFound
from liebian.core.texts import mark as _

user = cyclopts.App(name="user", help="Who may log in.")
app.command(user)


@user.command(name="list")
def list_people(*, json: bool = False) -> None:
    """Show everybody who may log in."""
    rows = access.list_users()
    if json:
        print_json({"users": [{"username": u.username, "role": u.role, "is_active": u.is_active} for u in rows]})
        return
    for row in rows:
        console.print(f"{row.username}  {row.role}{'' if row.is_active else '  (inactive)'}")


@user.command
def add(username: str, *, role: str = "viewer", name: str = "", json: bool = False) -> None:
    """Add a person; prints a first password once.

    Parameters
    ----------
    username
        What they log in with.
    role
        administrator, operator or viewer.
    """
    password = services.random_password()
    services.create_user(
        username=username, display_name=name or username, role=role, password=password, actor_id=None, now=clock.now()
    )
    _show(username, password, json)


@user.command
def reset(username: str, *, json: bool = False) -> None:
    """Give a person a new password; prints it once."""
    found = access.find_user(username)
    if found is None:
        raise NotFound(
            "user_not_found",
            _("Nobody logs in as '%(username)s'. `liebian user list` shows who does."),
            username=username,
        )
    password = services.reset_password(user_id=found.id, actor_id=None, now=clock.now())
    forget_first_password(found.username)
    _show(username, password, json)


def _show(username: str, password: str, json: bool) -> None:
    if json:
        print_json({"username": username, "password": password})
    else:
        console.print(f"{username} can log in with this password, shown once: [bold]{password}[/bold]")
