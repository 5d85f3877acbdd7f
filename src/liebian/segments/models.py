"""Definitions of segments, how large they were, and who is in them now with the day facts that say so."""

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


class Fact(models.Model):
    """Number of a fact in the blobs of day facts: an event by name, standing orders by currency and channel."""

    id = models.AutoField(primary_key=True)
    kind = models.CharField(max_length=40)
    name = models.CharField(max_length=200)

    class Meta:
        db_table = "segments_fact"
        constraints = [models.UniqueConstraint(fields=["kind", "name"], name="one_number_per_fact")]


class State(models.Model):
    """`facts` belong to the id under which they were seen and stay there when people are merged; of somebody who has many, these
    are the recent ones, and `Past` has the others. `bits`: the segments (by id) that the person is in, empty for whoever was
    merged away."""

    customer_id = models.BigIntegerField(primary_key=True)
    facts = models.BinaryField(default=b"")
    bits = models.BinaryField(default=b"")

    class Meta:
        db_table = "segments_state"


class Past(models.Model):
    """Day facts of long ago, written once in many events. Together with `State.facts` they are all; a late one may be in either."""

    customer_id = models.BigIntegerField(primary_key=True)
    facts = models.BinaryField()

    class Meta:
        db_table = "segments_past"


class Membership(models.Model):
    """From when to when somebody was in a segment, by the received time and position of the log row that decided it.

    Every event may add rows here, so there is one index besides the key; what somebody is in is told by `State.bits`.
    """

    segment_id = models.BigIntegerField()
    customer_id = models.BigIntegerField()
    entered_at = models.DateTimeField()
    entered_by = models.BigIntegerField()
    left_at = models.DateTimeField(null=True)
    left_by = models.BigIntegerField(null=True)

    class Meta:
        db_table = "segments_membership"
        constraints = [
            models.UniqueConstraint(
                fields=["segment_id", "customer_id"],
                condition=models.Q(left_at__isnull=True),
                name="one_open_membership",
            )
        ]


class DueOrder(models.Model):
    """An order with a change whose day has not come: it is counted again when it has."""

    order_id = models.BigIntegerField()
    seen_id = models.BigIntegerField()
    day = models.DateField(db_index=True)

    class Meta:
        db_table = "segments_dueorder"


class Progress(models.Model):
    """How far one shard has read. `day` is the business day of the log, `at` the received time of the last row that was
    read; `sweep_after` is the last customer of a running sweep, `rules` what the last sweep was for."""

    shard = models.IntegerField(primary_key=True)
    shards = models.IntegerField()
    event_id = models.BigIntegerField(default=0)
    order_change_id = models.BigIntegerField(default=0)
    merge_id = models.BigIntegerField(default=0)
    day = models.DateField(null=True)
    at = models.DateTimeField(null=True)
    sweep_after = models.BigIntegerField(null=True)
    rules = models.CharField(max_length=64, default="")

    class Meta:
        db_table = "segments_progress"
