"""Addresses of `events`: imports, sources. The tracking API stands before Django (api.py)."""

from django.urls import path

from liebian.events.views import imports, install, sources

app_name = "events"
urlpatterns = [
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
