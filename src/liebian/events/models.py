"""The log and the sources that may write to it. Log rows are never changed."""

from django.db import models


class Source(models.Model):
    name = models.CharField(max_length=100, unique=True)
    kind = models.CharField(max_length=20, default="api")
    write_key = models.CharField(max_length=64, unique=True)
    is_enabled = models.BooleanField(default=True)
    created_at = models.DateTimeField()
    allowed_origins = models.JSONField(default=list)
    events_per_second = models.PositiveIntegerField(null=True)
    unknown_events = models.CharField(max_length=12, default="allow")

    class Meta:
        db_table = "events_source"


class SourceDay(models.Model):
    """What a source sent in one business day, counted where it arrived."""

    source = models.CharField(max_length=100)
    day = models.DateField()
    accepted = models.BigIntegerField(default=0)
    duplicates = models.BigIntegerField(default=0)
    corrected = models.BigIntegerField(default=0)
    quarantined = models.BigIntegerField(default=0)
    refused = models.BigIntegerField(default=0)
    throttled = models.BigIntegerField(default=0)  # requests that were asked to come again: 429 and 503

    class Meta:
        db_table = "events_sourceday"
        constraints = [models.UniqueConstraint(fields=["source", "day"], name="one_count_per_source_and_day")]


class EventKey(models.Model):
    """The index that refuses repeats. Keys begin with the event's own time, so only its newest pages are hot; they stay when
    the rows of the log have left for the lake."""

    key = models.BinaryField(max_length=16, primary_key=True)

    class Meta:
        db_table = "events_key"


class Event(models.Model):
    key = models.BinaryField(max_length=16)
    source = models.CharField(max_length=100)
    type = models.CharField(max_length=10)
    name = models.CharField(max_length=200)
    user_id = models.CharField(max_length=200, null=True)
    anonymous_id = models.CharField(max_length=200, null=True)
    at_ms = models.BigIntegerField()
    received_ms = models.BigIntegerField()
    body = models.BinaryField()
    personal = models.BinaryField(null=True)
    corrections = models.JSONField(null=True)

    class Meta:
        db_table = "events_event"


class Schema(models.Model):
    """A registered kind of event (or the traits of identify): its fields and what becomes of those that do not fit."""

    type = models.CharField(max_length=10)
    name = models.CharField(max_length=200, default="")
    fields = models.JSONField(default=dict)
    corrects = models.BooleanField(default=True)
    other_fields = models.BooleanField(default=True)
    is_enabled = models.BooleanField(default=True)
    version = models.IntegerField(default=1)
    changed_at = models.DateTimeField()

    class Meta:
        db_table = "events_schema"
        constraints = [models.UniqueConstraint(fields=["type", "name"], name="one_schema_per_event")]


class Quarantined(models.Model):
    """A message that arrived and could not enter the log, whole and sealed, until somebody repairs or dismisses it."""

    key = models.BinaryField(max_length=16, unique=True)
    source = models.CharField(max_length=100)
    type = models.CharField(max_length=10)
    name = models.CharField(max_length=200)
    received_ms = models.BigIntegerField()
    code = models.CharField(max_length=60)
    reasons = models.JSONField(default=list)
    message = models.BinaryField()
    state = models.CharField(max_length=10, default="waiting")
    changed_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "events_quarantined"
        indexes = [models.Index(fields=["state", "-id"], name="quarantined_by_state")]


class RefusedRequest(models.Model):
    """The newest requests that were turned away, for whoever connects a source. The sender was told the same."""

    source = models.CharField(max_length=100, default="")
    received_ms = models.BigIntegerField()
    status = models.SmallIntegerField()
    code = models.CharField(max_length=60)
    details = models.JSONField(default=dict)
    excerpt = models.BinaryField(null=True)

    class Meta:
        db_table = "events_refusedrequest"


class ImportJob(models.Model):
    """One file on its way into the log. `position` counts the items that are durably written."""

    kind = models.CharField(max_length=20, default="orders")
    state = models.CharField(max_length=12, db_index=True)
    filename = models.CharField(max_length=255)
    path = models.TextField()
    is_upload = models.BooleanField(default=False)
    fingerprint = models.CharField(max_length=32, default="")
    size = models.BigIntegerField(default=0)
    options = models.JSONField(default=dict)
    actor = models.CharField(max_length=150, default="")
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    heartbeat_at = models.DateTimeField(null=True)
    lease = models.CharField(max_length=200, default="")
    phase = models.CharField(max_length=12, default="")
    rows = models.BigIntegerField(default=0)
    items = models.BigIntegerField(default=0)
    position = models.BigIntegerField(default=0)
    counts = models.JSONField(default=dict)
    seconds = models.FloatField(default=0)
    report = models.JSONField(null=True)
    error_code = models.CharField(max_length=60, default="")
    error_message = models.TextField(default="")

    class Meta:
        db_table = "events_importjob"
        constraints = [
            models.UniqueConstraint(fields=["state"], condition=models.Q(state="running"), name="one_import_runs"),
        ]


class ImportedItem(models.Model):
    """What an import last said of one customer, order or refund: keyed hashes, so that a repeat changes nothing."""

    key = models.BinaryField(max_length=16, unique=True)
    content = models.BinaryField(max_length=16)
    revision = models.IntegerField()

    class Meta:
        db_table = "events_importeditem"
