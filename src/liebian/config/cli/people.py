"""liebian user …: who may log in."""

from __future__ import annotations

import secrets

import cyclopts

from liebian.access import queries as access
from liebian.access import services
from liebian.config.cli.main import app
from liebian.config.cli.output import console, print_json

user = cyclopts.App(name="user", help="Who may log in.")
app.command(user)


@user.command
def list(*, json: bool = False) -> None:  # noqa: A001 - the word people type
    """Show everybody who may log in."""
    rows = access.list_users()
    if json:
        print_json({"users": [{"email": u.email, "role": u.role, "is_active": u.is_active} for u in rows]})
        return
    for row in rows:
        console.print(f"{row.email}  {row.role}{'' if row.is_active else '  (inactive)'}")


@user.command
def add(email: str, *, role: str = "viewer", name: str = "", json: bool = False) -> None:
    """Add a person; prints a first password once.

    Parameters
    ----------
    email
        What they log in with.
    role
        administrator, operator or viewer.
    """
    password = secrets.token_urlsafe(12)
    services.create_user(email=email, display_name=name or email.split("@")[0], role=role, password=password)
    _show(email, password, json)


@user.command
def reset(email: str, *, json: bool = False) -> None:
    """Give a person a new password; prints it once."""
    password = secrets.token_urlsafe(12)
    services.set_password(email=email, password=password)
    _show(email, password, json)


def _show(email: str, password: str, json: bool) -> None:
    if json:
        print_json({"email": email, "password": password})
    else:
        console.print(f"{email} can log in with this password, shown once: [bold]{password}[/bold]")
