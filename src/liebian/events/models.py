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
