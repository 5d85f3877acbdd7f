"""Addresses of `events`: imports, sources, what arrives live, schemas, quarantine. The tracking API stands before Django."""

from django.urls import path

from liebian.events.views import imports, install, live, quarantine, schemas, sources, unregistered

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
    path("sources/live", live.live, name="live"),
    path("sources/live/events/<int:event_id>", live.live_event, name="live-event"),
    path("sources/live/refused/<int:refused_id>", live.live_refused, name="live-refused"),
    path("sources/<int:source_id>", sources.source_page, name="source"),
    path("sources/<int:source_id>/change", sources.source_change, name="source-change"),
    path("sources/<int:source_id>/key", sources.source_key, name="source-key"),
    path("sources/<int:source_id>/switch", sources.source_switch, name="source-switch"),
    path("schemas", schemas.schema_list, name="schemas"),
    path("schemas/arriving", unregistered.unregistered_list, name="unregistered"),
    path("schemas/new", schemas.schema_new, name="schema-new"),
    path("schemas/<int:schema_id>", schemas.schema_page, name="schema"),
    path("schemas/<int:schema_id>/switch", schemas.schema_switch, name="schema-switch"),
    path("quarantine", quarantine.quarantine_list, name="quarantine"),
    path("quarantine/messages", quarantine.quarantine_messages, name="quarantine-messages"),
    path("quarantine/<int:message_id>", quarantine.quarantine_message, name="quarantined"),
    path("quarantine/repair", quarantine.quarantine_repair, name="quarantine-repair"),
    path("quarantine/replay", quarantine.quarantine_replay, name="quarantine-replay"),
    path("quarantine/dismiss", quarantine.quarantine_dismiss, name="quarantine-dismiss"),
]
