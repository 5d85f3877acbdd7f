"""The log and the sources that may write to it. Log rows are never changed."""

from django.db import models


class Source(models.Model):
    name = models.CharField(max_length=100, unique=True)
    kind = models.CharField(max_length=20, default="api")
    write_key = models.CharField(max_length=64, unique=True)
    is_enabled = models.BooleanField(default=True)
    created_at = models.DateTimeField()

    class Meta:
        db_table = "events_source"


class Event(models.Model):
    key = models.BinaryField(max_length=16, unique=True)
    source = models.CharField(max_length=100)
    type = models.CharField(max_length=10)
    name = models.CharField(max_length=200)
    user_id = models.CharField(max_length=200, null=True)
    anonymous_id = models.CharField(max_length=200, null=True)
    at_ms = models.BigIntegerField()
    received_ms = models.BigIntegerField()
    body = models.BinaryField()
    personal = models.BinaryField(null=True)

    class Meta:
        db_table = "events_event"


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
