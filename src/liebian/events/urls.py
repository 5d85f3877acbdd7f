"""Addresses of `events`: the tracking API, imports, sources."""

from django.urls import path

from liebian.events import api
from liebian.events.rules import PUBLIC_TYPES

app_name = "events"
urlpatterns = [path(f"v1/{kind}", api.record, {"kind": kind}, name=f"v1-{kind}") for kind in (*PUBLIC_TYPES, "batch")]
