"""People and everything known about them. Personal fields are sealed; what must be found again has a keyed index."""

from django.db import models


class Customer(models.Model):
    """The id is that of the event in which the person was first seen, so that a replay gives everybody the same id.

    `merged_into` always names the person who stands today, never one who was merged away in turn.
    """

    id = models.BigIntegerField(primary_key=True)
    is_known = models.BooleanField(default=False)
    user_id = models.CharField(max_length=200, null=True)
    first_seen_at = models.DateTimeField()
    known_at = models.DateTimeField(null=True)
    merged_into = models.BigIntegerField(null=True)
    name = models.BinaryField(null=True)
    name_index = models.BinaryField(max_length=16, null=True)
    phone = models.BinaryField(null=True)
    email = models.BinaryField(null=True)
    address = models.BinaryField(null=True)
    channel = models.CharField(max_length=60, default="")
    city = models.CharField(max_length=80, default="")
    province = models.CharField(max_length=80, default="")
    gender = models.CharField(max_length=20, default="")
    occupation = models.CharField(max_length=80, default="")
    birth_month = models.SmallIntegerField(null=True)
    attributes = models.JSONField(default=dict)
    referred_by = models.BigIntegerField(null=True)
    n_orders = models.IntegerField(default=0)
    revenue_minor = models.BigIntegerField(default=0)
    first_order_at = models.DateTimeField(null=True)
    last_order_at = models.DateTimeField(null=True)
    erased_by_event = models.BigIntegerField(null=True)

    class Meta:
        db_table = "customers_customer"
        indexes = [
            models.Index(fields=["is_known", "-revenue_minor", "-id"], name="customer_by_revenue"),
            models.Index(fields=["is_known", "-n_orders", "-id"], name="customer_by_orders"),
            models.Index(fields=["is_known", "-last_order_at", "-id"], name="customer_by_order_at"),
            models.Index(fields=["is_known", "-first_seen_at", "-id"], name="customer_by_first"),
            models.Index(fields=["is_known", "channel"], name="customer_by_channel"),
            models.Index(fields=["is_known", "city"], name="customer_by_city"),
            models.Index(fields=["is_known", "gender"], name="customer_by_gender"),
            models.Index(fields=["name_index"], name="customer_by_name"),
            models.Index(fields=["referred_by"], name="customer_by_referrer"),
            models.Index(
                fields=["merged_into"], name="customer_merged_into", condition=models.Q(merged_into__isnull=False)
            ),
            models.Index(
                fields=["erased_by_event"], name="customer_erased", condition=models.Q(erased_by_event__isnull=False)
            ),
        ]


class CustomerSeen(models.Model):
    """What every event of a person changes, in a row of its own: there is one for each person. Narrow, because a database that
    writes rows anew writes all their indexes anew. `is_known` repeats the person's, for the list that is sorted by it."""

    customer = models.OneToOneField(
        Customer, models.DO_NOTHING, primary_key=True, db_constraint=False, related_name="seen"
    )
    is_known = models.BooleanField(default=False)
    last_seen_at = models.DateTimeField()
    changed_by_event = models.BigIntegerField(default=0, db_index=True)

    class Meta:
        db_table = "customers_seen"
        indexes = [models.Index(fields=["is_known", "-last_seen_at", "-customer"], name="customer_by_seen")]


class Identifier(models.Model):
    """One identifier belongs to at most one person. `value` is sealed; `index` and `ending` find it."""

    customer_id = models.BigIntegerField(db_index=True)
    kind = models.CharField(max_length=20)
    index = models.BinaryField(max_length=16)
    ending = models.BinaryField(max_length=16, null=True, db_index=True)
    value = models.BinaryField()
    event_id = models.BigIntegerField()

    class Meta:
        db_table = "customers_identifier"
        constraints = [models.UniqueConstraint(fields=["index"], name="identifier_owned_once")]


class IdentityChange(models.Model):
    """Append-only: how people came to be who they are, so that a merge can be explained and undone."""

    event_id = models.BigIntegerField()
    kind = models.CharField(max_length=20)  # created, linked, merged, conflict
    customer_id = models.BigIntegerField(db_index=True)
    other_id = models.BigIntegerField(null=True)
    identifier_kind = models.CharField(max_length=20, default="")
    identifier_index = models.BinaryField(max_length=16, null=True)
    before = models.JSONField(null=True)  # of a merge: both people as they were, personal fields sealed

    class Meta:
        db_table = "customers_identitychange"
        indexes = [models.Index(fields=["kind", "id"], name="identitychange_by_kind")]


class Erasure(models.Model):
    """A record: somebody decided that a person is erased, and how far that is. `told_at` is when the log was told; `scrubbed_upto` up
    to which event the log holds nothing of the person any more; `done_at` when no copy was left. A late event of the person opens it
    again. `words` is what named the person, sealed, until free texts everywhere were searched for it; `files_due_at` when
    the lake's files of before are to be deleted, empty when they are gone."""

    customer_id = models.BigIntegerField(unique=True)
    reason = models.CharField(max_length=500)
    asked_at = models.DateTimeField()
    asked_by = models.BigIntegerField(null=True)
    told_at = models.DateTimeField(null=True)
    scrubbed_upto = models.BigIntegerField(default=0)
    words = models.BinaryField(null=True)
    files_due_at = models.DateTimeField(null=True)
    done_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "customers_erasure"


class Tombstone(models.Model):
    """Append-only: a keyed hash that belonged to somebody who was erased. It finds nobody; it tells who comes back."""

    index = models.BinaryField(max_length=16, db_index=True)
    customer_id = models.BigIntegerField(db_index=True)
    event_id = models.BigIntegerField()
    erased_ms = models.BigIntegerField()

    class Meta:
        db_table = "customers_tombstone"
        constraints = [models.UniqueConstraint(fields=["event_id", "index"], name="tombstone_once")]


class CustomerEvent(models.Model):
    """The log with people: whose each event was when it was resolved. Never changed: a merge later does not move it, a person's
    events are those of all ids merged into them."""

    event_id = models.BigIntegerField(primary_key=True)
    customer_id = models.BigIntegerField()
    type = models.CharField(max_length=10)
    name = models.CharField(max_length=200)
    at_ms = models.BigIntegerField()
    received_ms = models.BigIntegerField()

    class Meta:
        db_table = "customers_customerevent"
        indexes = [models.Index(fields=["customer_id", "-at_ms", "-event_id"], name="customerevent_timeline")]


class TierMembership(models.Model):
    """A place in a tier model, handed down by `tiers` with the numbers that explain it."""

    customer_id = models.BigIntegerField()
    model = models.CharField(max_length=40)
    cell = models.CharField(max_length=40)
    evidence = models.JSONField(default=dict)
    as_of = models.DateField()

    class Meta:
        db_table = "customers_tiermembership"
        constraints = [models.UniqueConstraint(fields=["customer_id", "model"], name="one_tier_per_model")]
        indexes = [models.Index(fields=["model", "cell", "-customer_id"], name="tier_to_customers")]
