"""Definitions of segments and how large they were."""

from django.db import models


class Segment(models.Model):
    """`rule` is the tree of liebian_analytics.rules as JSON. An archived segment keeps its history and frees its name."""

    name = models.CharField(max_length=80)
    rule = models.JSONField()
    version = models.IntegerField(default=1)
    created_by = models.BigIntegerField(null=True)
    created_at = models.DateTimeField()
    changed_by = models.BigIntegerField(null=True)
    changed_at = models.DateTimeField()
    archived_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "segments_segment"
        constraints = [
            models.UniqueConstraint(
                fields=["name"], condition=models.Q(archived_at__isnull=True), name="one_live_segment_per_name"
            )
        ]


class SegmentCount(models.Model):
    """How many were in the segment as of a day (exclusive), by the version of the rule in use when it was counted."""

    segment = models.ForeignKey(Segment, on_delete=models.CASCADE)
    day = models.DateField()
    version = models.IntegerField()
    size = models.IntegerField()

    class Meta:
        db_table = "segments_segmentcount"
        constraints = [models.UniqueConstraint(fields=["segment", "day"], name="one_segment_count_per_day")]
