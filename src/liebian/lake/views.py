"""The lake page: what is published, how fresh it is, and how to open it with other tools."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from liebian.access.guard import requires
from liebian.core import clock
from liebian.core.errors import LiebianError, NotFound
from liebian.lake import queries
from liebian.lake.snippets import SNIPPETS, VERSION, Snippet
from liebian.lake.types import SCHEMAS, TableState
from liebian.ui.formats import error_text


@requires("lake:view")
def table_list(request: HttpRequest) -> HttpResponse:
    """Every table; one that cannot be read says why and does not take the others with it."""
    rows = [_row(name) for name in SCHEMAS]
    context = {
        "rows": rows, "now": clock.now(), "url": settings.LAKE_URL, "has_data": any(row["state"] for row in rows),
        "n_unhidden": _count_unhidden(), "snippets": [_snippet(snippet) for snippet in SNIPPETS],
    }  # fmt: skip
    return render(request, "lake/tables.html", context)


@requires("lake:view")
def table_page(request: HttpRequest, name: str) -> HttpResponse:
    """One table: its columns and its newest versions, each of which can still be read for a week."""
    if name not in SCHEMAS:
        raise NotFound(
            "no_such_table",
            gettext_noop("The lake has no table '%(table)s'. Choose one of: %(known)s."),
            table=name,
            known=", ".join(SCHEMAS),
        )
    row = _row(name)
    acts = {
        "append": _("New rows"), "fold": _("Handed out to buckets"), "rewrite": _("A bucket put in order"),
        "split": _("A bucket split"), "create": _("Made"),
    }  # fmt: skip
    versions = [] if row["error"] else [(v, acts.get(v.act, v.act)) for v in queries.list_versions(name)]
    columns = [(field.name, str(field.type)) for field in SCHEMAS[name]]
    older = versions[min(1, len(versions) - 1)][0].version if versions else None
    context = {
        **row, "versions": versions, "columns": columns, "now": clock.now(),
        "reading": VERSION.format(url=settings.LAKE_URL, table=name, version=older) if versions else "",
    }  # fmt: skip
    return render(request, "lake/table.html", context)


def _count_unhidden() -> int:
    try:
        return queries.count_unhidden_files("events")
    except LiebianError:  # the table's own row says why
        return 0


def _snippet(snippet: Snippet) -> dict[str, str]:
    notes = {
        "Spark": _("Reads the files of the newest version; the cluster needs no Delta package"),
        "Tableau": _("Run this where Liebian runs. Then in Tableau: Connect, To a File, Text file, order_facts.csv"),
    }
    if "://" in settings.LAKE_URL:
        from_environment = _("Takes its credentials from the same AWS_… variables as Liebian")
        notes |= dict.fromkeys(("DuckDB", "pandas", "Polars"), from_environment)
        notes["Spark"] = _("The cluster needs the package hadoop-aws, and fs.s3a.… with its credentials")
    return {"tool": snippet.tool, "code": snippet.at(settings.LAKE_URL), "note": notes.get(snippet.tool, "")}


def _row(name: str) -> dict[str, object]:
    try:
        state: TableState | None = queries.get_state(name)
    except LiebianError as error:
        return {"name": name, "about": _about(name), "state": None, "error": error_text(error)}
    return {
        "name": name,
        "about": _about(name),
        "state": state if state and state.version is not None else None,
        "error": "",
    }


def _about(name: str) -> str:
    return {
        "events": _("Everything that happened, one row per event"),
        "order_facts": _("What every order, refund and correction did to revenue"),
        "order_lines": _("The products of every order"),
        "day_facts": _("Counts and amounts per customer and day"),
        "customers": _("People as last known, without personal fields"),
        "identities": _("Who turned out to be whom"),
    }[name]
