"""Who may write to the log: sources and their write keys."""

from __future__ import annotations

import secrets
from datetime import datetime

from django.db import transaction

from liebian.access.services import record_audit
from liebian.core.errors import Conflict, Invalid
from liebian.core.texts import mark as _
from liebian.events.models import Source
from liebian.events.queries import source_view
from liebian.events.types import INTERNAL_SOURCE, SourceView

MAX_NAME = 100


def ensure_source(*, name: str, kind: str = "api", now: datetime) -> SourceView:
    """The source of that name, made with a fresh write key on first use."""
    source, _ = Source.objects.get_or_create(
        name=name, defaults={"kind": kind, "write_key": secrets.token_urlsafe(24), "created_at": now}
    )
    return source_view(source)


def create_source(*, name: str, now: datetime, actor_id: int | None = None) -> SourceView:
    """Add a source that sends through the tracking API. Writes Source and an audit entry. Raises Invalid (bad name) and Conflict (name is taken)."""
    clean = name.strip()
    if not clean or len(clean) > MAX_NAME or not clean.isprintable():
        raise Invalid("bad_source_name", _("Give the source a name of 1 to %(limit)s characters."), limit=MAX_NAME)
    if clean.lower() == INTERNAL_SOURCE:
        raise Invalid(
            "reserved_source_name", _("'%(name)s' is what the product calls itself. Choose another name."), name=clean
        )
    with transaction.atomic(), transaction.atomic(using=Source.objects.db):
        source, is_new = Source.objects.get_or_create(
            name=clean, defaults={"kind": "api", "write_key": secrets.token_urlsafe(24), "created_at": now}
        )
        if not is_new:
            raise Conflict("source_exists", _("There is already a source called '%(name)s'."), name=clean)
        record_audit(actor_id=actor_id, action="source.created", subject=f"source:{clean}", now=now)
    return source_view(source)
