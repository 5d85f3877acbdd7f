"""Orders as they stand, and the append-only log of what changed."""

from django.db import models


class Product(models.Model):
    external_id = models.CharField(max_length=100, unique=True)
    name = models.CharField(max_length=200)
    category = models.CharField(max_length=100, default="")
    price_minor = models.BigIntegerField(null=True)
    currency = models.CharField(max_length=3, default="")

    class Meta:
        db_table = "orders_product"


class Order(models.Model):
    """The id is that of the first event that named the order. `stated_at` is when the statement was made that stands.

    `identifier` is a keyed hash of who paid, or of the device; the first that was named stays. `placed_*` is the first event that placed
    it and said for whom: with its source and its customer of that time.
    """

    id = models.BigIntegerField(primary_key=True)
    external_id = models.CharField(max_length=100, unique=True)
    customer_id = models.BigIntegerField()
    ordered_at = models.DateTimeField(null=True)
    currency = models.CharField(max_length=3, default="")
    total_minor = models.BigIntegerField(default=0)
    refunded_minor = models.BigIntegerField(default=0)
    is_cancelled = models.BooleanField(default=False)
    counts = models.SmallIntegerField(default=0)
    status = models.CharField(max_length=20, default="paid")
    channel = models.CharField(max_length=60, default="")
    lines = models.JSONField(default=list)
    refunds = models.JSONField(default=dict)
    coupons = models.JSONField(default=list)
    checkout_id = models.CharField(max_length=100, default="")
    discount_minor = models.BigIntegerField(default=0)
    store = models.CharField(max_length=100, default="")
    identifier = models.CharField(max_length=32, default="")
    stated_at = models.DateTimeField(null=True)
    placed_event = models.BigIntegerField(null=True)
    placed_source = models.CharField(max_length=100, default="")
    placed_by = models.BigIntegerField(null=True)

    class Meta:
        db_table = "orders_order"
        indexes = [models.Index(fields=["customer_id", "-ordered_at"], name="order_by_customer")]


class OrderChange(models.Model):
    order_id = models.BigIntegerField(db_index=True)
    external_id = models.CharField(max_length=100)
    customer_id = models.BigIntegerField()
    kind = models.CharField(max_length=12)
    amount_minor = models.BigIntegerField()
    n_orders = models.SmallIntegerField()
    currency = models.CharField(max_length=3)
    channel = models.CharField(max_length=60)
    at = models.DateTimeField()
    event_id = models.BigIntegerField()
    coupons = models.JSONField(default=list)
    store = models.CharField(max_length=100, default="")
    identifier = models.CharField(max_length=32, default="")

    class Meta:
        db_table = "orders_orderchange"


class OrderLine(models.Model):
    """What one event did to the lines of its order, written with the change itself: their sum is the order's lines."""

    order_id = models.BigIntegerField(db_index=True)
    customer_id = models.BigIntegerField()
    at = models.DateTimeField()
    event_id = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    product_id = models.CharField(max_length=100)
    name = models.CharField(max_length=200)
    category = models.CharField(max_length=100)
    quantity = models.BigIntegerField()
    unit_minor = models.BigIntegerField()

    class Meta:
        db_table = "orders_orderline"


class RefusedOrderEvent(models.Model):
    """An order event that could not be taken, with the code of the reason. What was said stays in the log."""

    event_id = models.BigIntegerField(primary_key=True)
    code = models.CharField(max_length=60)
    state = models.CharField(max_length=12, default="open")
    changed_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "orders_refusedorderevent"
        indexes = [models.Index(fields=["state", "code", "-event_id"], name="refused_order_by_state")]


class NumberCollision(models.Model):
    """An event that placed an order which another source had placed for another customer. It was taken: it states that order anew.
    `at` is when it arrived."""

    event_id = models.BigIntegerField(primary_key=True)
    order_id = models.BigIntegerField()
    at = models.DateTimeField()
    source = models.CharField(max_length=100)
    customer_id = models.BigIntegerField()
    first_event_id = models.BigIntegerField()
    first_source = models.CharField(max_length=100)
    first_customer_id = models.BigIntegerField()
    state = models.CharField(max_length=12, default="open")
    changed_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "orders_numbercollision"
        indexes = [
            models.Index(fields=["state", "first_source", "source", "-event_id"], name="collision_by_sources"),
            models.Index(fields=["state", "-event_id"], name="collision_by_state"),
        ]
