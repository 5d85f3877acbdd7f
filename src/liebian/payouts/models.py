"""Payees, batches, payouts and what providers said. A payout's row says how far it is; the money is in the ledger of rewards."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from liebian.payouts.types import LIVE


class Account(models.Model):
    """An account with a provider. `secrets` is sealed."""

    name = models.CharField(max_length=80, unique=True)
    adapter = models.CharField(max_length=12)
    currency = models.CharField(max_length=3)
    settings = models.JSONField(default=dict)
    secrets = models.BinaryField(default=bytes)
    is_enabled = models.BooleanField(default=True)
    min_minor = models.BigIntegerField()
    max_minor = models.BigIntegerField()
    most_a_day = models.PositiveIntegerField()
    day_minor = models.BigIntegerField()
    calls_a_minute = models.PositiveIntegerField(default=300)
    quiet_from = models.TimeField(null=True)
    quiet_until = models.TimeField(null=True)
    created_at = models.DateTimeField()

    class Meta:
        db_table = "payouts_account"


class Pace(models.Model):
    """When the provider of an account was called in the last minute, by whichever worker. Its own row, so that nobody waits for an account."""

    account = models.OneToOneField(Account, on_delete=models.PROTECT, primary_key=True)
    calls = models.JSONField(default=list)

    class Meta:
        db_table = "payouts_pace"


class Payee(models.Model):
    """Where one person's money goes, sealed; `fingerprint` finds people who share it."""

    customer_id = models.BigIntegerField()
    adapter = models.CharField(max_length=12)
    details = models.BinaryField()
    fingerprint = models.BinaryField(max_length=16)
    hint = models.CharField(max_length=80)
    changed_at = models.DateTimeField()

    class Meta:
        db_table = "payouts_payee"
        constraints = [models.UniqueConstraint(fields=["customer_id", "adapter"], name="payouts_one_payee")]
        indexes = [models.Index(fields=["fingerprint"], name="payouts_payee_shared")]


class Batch(models.Model):
    """Payouts that one person proposed and another one approves."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT)
    idempotency_key = models.CharField(max_length=64, unique=True)
    state = models.CharField(max_length=12)
    n_payouts = models.PositiveIntegerField()
    gross_minor = models.BigIntegerField()
    tax_minor = models.BigIntegerField()
    net_minor = models.BigIntegerField()
    note = models.CharField(max_length=500, blank=True)
    proposed_by = models.BigIntegerField()
    proposed_at = models.DateTimeField()
    decided_by = models.BigIntegerField(null=True)
    decided_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "payouts_batch"
        constraints = [
            models.CheckConstraint(
                condition=~Q(state="approved") | (Q(decided_by__isnull=False) & ~Q(decided_by=F("proposed_by"))),
                name="payouts_batch_by_two",
            )
        ]


class Payout(models.Model):
    """One transfer to one person. `payee` is sealed and emptied when it has ended. `is_burnt`: the provider ended this number."""

    batch = models.ForeignKey(Batch, on_delete=models.PROTECT, related_name="payouts")
    account = models.ForeignKey(Account, on_delete=models.PROTECT)
    reward_id = models.BigIntegerField()
    customer_id = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    gross_minor = models.BigIntegerField()
    tax_minor = models.BigIntegerField()
    net_minor = models.BigIntegerField()
    tax_rule = models.CharField(max_length=20)
    state = models.CharField(max_length=12)
    reason = models.CharField(max_length=40, blank=True)
    out_no = models.CharField(max_length=32)
    provider_no = models.CharField(max_length=64, blank=True)
    payee = models.BinaryField(default=bytes)
    fingerprint = models.BinaryField(max_length=16)
    payee_hint = models.CharField(max_length=80, blank=True)
    package = models.TextField(blank=True)
    is_burnt = models.BooleanField(default=False)
    n_asked = models.PositiveIntegerField(default=0)
    not_before = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    paid_at = models.DateTimeField(null=True)
    changed_at = models.DateTimeField()

    class Meta:
        db_table = "payouts_payout"
        constraints = [
            models.UniqueConstraint(fields=["reward_id"], condition=Q(state__in=sorted(LIVE)), name="payouts_one_live"),
            models.UniqueConstraint(fields=["out_no"], condition=Q(state__in=sorted(LIVE)), name="payouts_number_once"),
            models.CheckConstraint(
                condition=Q(net_minor__gt=0, tax_minor__gte=0, gross_minor=F("net_minor") + F("tax_minor")),
                name="payouts_gross_is_net_and_tax",
            ),
        ]
        indexes = [
            models.Index(fields=["state", "not_before"], name="payouts_due"),
            models.Index(fields=["out_no"], name="payouts_by_number"),
            models.Index(fields=["fingerprint", "sent_at"], name="payouts_of_payee"),
            models.Index(fields=["customer_id", "paid_at"], name="payouts_of_customer"),
            models.Index(fields=["reward_id"], name="payouts_of_reward"),
        ]


class PayoutChange(models.Model):
    """One step of a payout, never changed."""

    payout = models.ForeignKey(Payout, on_delete=models.PROTECT, related_name="changes")
    from_state = models.CharField(max_length=12, blank=True)
    to_state = models.CharField(max_length=12)
    reason = models.CharField(max_length=40, blank=True)
    note = models.CharField(max_length=500, blank=True)
    actor = models.BigIntegerField(null=True)
    at = models.DateTimeField()

    class Meta:
        db_table = "payouts_change"


class Statement(models.Model):
    """A statement that was compared; the same file twice is one statement."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT)
    fingerprint = models.CharField(max_length=64)
    name = models.CharField(max_length=120)
    n_rows = models.PositiveIntegerField()
    n_agreeing = models.PositiveIntegerField()
    n_settled = models.PositiveIntegerField()
    n_findings = models.PositiveIntegerField()
    read_by = models.BigIntegerField(null=True)
    read_at = models.DateTimeField()

    class Meta:
        db_table = "payouts_statement"
        constraints = [models.UniqueConstraint(fields=["account", "fingerprint"], name="payouts_statement_once")]


class Finding(models.Model):
    """Something about which the provider and we do not agree, until a person has explained it."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT)
    payout = models.ForeignKey(Payout, on_delete=models.PROTECT, null=True, related_name="findings")
    kind = models.CharField(max_length=24)
    out_no = models.CharField(max_length=64)
    ours_minor = models.BigIntegerField(null=True)
    theirs_minor = models.BigIntegerField(null=True)
    details = models.JSONField(default=dict)
    found_at = models.DateTimeField()
    explained_by = models.BigIntegerField(null=True)
    explained_at = models.DateTimeField(null=True)
    note = models.CharField(max_length=500, blank=True)

    class Meta:
        db_table = "payouts_finding"
        constraints = [
            models.UniqueConstraint(fields=["account", "kind", "out_no"], name="payouts_found_once"),
        ]


class Recording(models.Model):
    """The act of two people by which a payout that we never sent, and that was paid all the same, comes into the books."""

    finding = models.ForeignKey(Finding, on_delete=models.PROTECT, related_name="recordings")
    state = models.CharField(max_length=12)
    reference = models.CharField(max_length=64)
    note = models.CharField(max_length=500)
    proposed_by = models.BigIntegerField()
    proposed_at = models.DateTimeField()
    decided_by = models.BigIntegerField(null=True)
    decided_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "payouts_recording"
        constraints = [
            models.UniqueConstraint(fields=["finding"], condition=Q(state="proposed"), name="payouts_one_recording"),
            models.CheckConstraint(
                condition=~Q(state="approved") | (Q(decided_by__isnull=False) & ~Q(decided_by=F("proposed_by"))),
                name="payouts_recording_by_two",
            ),
        ]
