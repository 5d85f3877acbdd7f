"""Addresses of `events`: the tracking API, imports, sources."""

from django.urls import path

from liebian.events import api
from liebian.events.rules import PUBLIC_TYPES
from liebian.events.views import imports, install, sources

app_name = "events"
urlpatterns = [
    *(path(f"v1/{kind}", api.record, {"kind": kind}, name=f"v1-{kind}") for kind in (*PUBLIC_TYPES, "batch")),
    path("imports", imports.import_list, name="imports"),
    path("imports/new", imports.import_new, name="import-new"),
    path("imports/<int:job_id>", imports.import_page, name="import"),
    path("imports/<int:job_id>/columns", imports.import_columns, name="import-columns"),
    path("imports/<int:job_id>/check", imports.import_check, name="import-check"),
    path("imports/<int:job_id>/start", imports.import_start, name="import-start"),
    path("imports/<int:job_id>/cancel", imports.import_cancel, name="import-cancel"),
    path("imports/<int:job_id>/progress", imports.import_progress, name="import-progress"),
    path("imports/<int:job_id>/rejected", imports.import_rejected, name="import-rejected"),
    path("sources", sources.source_list, name="sources"),
    path("sources/new", sources.source_add, name="source-add"),
    path("sources/<int:source_id>/install", install.source_install, name="source-install"),
    path("sources/<int:source_id>/switch", sources.source_switch, name="source-switch"),
]
