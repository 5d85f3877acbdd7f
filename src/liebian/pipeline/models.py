"""How the units stand, beside their cursors: failures, what was set aside, checks by replay."""

from django.db import models


class UnitState(models.Model):
    name = models.CharField(max_length=60, primary_key=True)
    is_paused = models.BooleanField(default=False)
    is_stopped = models.BooleanField(default=False)  # failed too often; somebody has to look
    failures = models.IntegerField(default=0)
    last_error = models.TextField(default="")
    failed_at = models.DateTimeField(null=True)
    retry_at = models.DateTimeField(null=True)
    samples = models.JSONField(default=list)

    class Meta:
        db_table = "pipeline_unit"


class SetAside(models.Model):
    """An event that a unit went past because it failed on it. The event itself stays in the log."""

    unit = models.CharField(max_length=60)
    event_id = models.BigIntegerField()
    error = models.TextField()
    at = models.DateTimeField()
    taken_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "pipeline_setaside"
        constraints = [models.UniqueConstraint(fields=["unit", "event_id"], name="set_aside_once")]


class ReplayCheck(models.Model):
    state = models.CharField(max_length=12, default="waiting")
    asked_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    parts = models.JSONField(default=list)
    error = models.TextField(default="")

    class Meta:
        db_table = "pipeline_replaycheck"
