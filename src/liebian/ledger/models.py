"""Tables of the ledger. Entries and postings are append-only: database triggers refuse UPDATE and DELETE."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q


class Account(models.Model):
    code = models.CharField(max_length=120, unique=True)
    kind = models.CharField(max_length=32)
    asset = models.CharField(max_length=60)
    book = models.CharField(max_length=60, blank=True)
    title = models.CharField(max_length=120, blank=True)
    balance = models.BigIntegerField(default=0)
    opened_at = models.DateTimeField()

    class Meta:
        db_table = "ledger_account"
        constraints = [
            models.CheckConstraint(condition=Q(balance__gte=0) | Q(kind="world"), name="ledger_account_not_negative"),
        ]
        indexes = [models.Index(fields=["book", "kind"], name="ledger_account_book")]


class Entry(models.Model):
    idempotency_key = models.CharField(max_length=255, unique=True)
    body_hash = models.CharField(max_length=64)
    kind = models.CharField(max_length=32)
    subject = models.CharField(max_length=200, blank=True)
    reference = models.CharField(max_length=200, unique=True, null=True)
    effective_at = models.DateTimeField()
    inserted_at = models.DateTimeField()
    reversal_of = models.OneToOneField("self", on_delete=models.PROTECT, null=True, related_name="reversal")
    memo = models.JSONField(default=dict)

    class Meta:
        db_table = "ledger_entry"
        indexes = [
            models.Index(fields=["kind", "id"], name="ledger_entry_kind"),
            models.Index(fields=["subject", "id"], name="ledger_entry_subject"),
        ]


class Posting(models.Model):
    entry = models.ForeignKey(Entry, on_delete=models.PROTECT, related_name="postings")
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="postings", db_index=False)
    amount = models.BigIntegerField()

    class Meta:
        db_table = "ledger_posting"
        constraints = [models.CheckConstraint(condition=~Q(amount=0), name="ledger_posting_not_zero")]
        indexes = [models.Index(fields=["account", "entry"], name="ledger_posting_account")]


class Hold(models.Model):
    """Money set aside for one purpose until it is posted, voided or its time is over. It is resolved once: triggers refuse more."""

    idempotency_key = models.CharField(max_length=200, unique=True)
    reserved = models.OneToOneField(Entry, on_delete=models.PROTECT, related_name="hold")
    source = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+", db_index=False)
    held = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+", db_index=False)
    target = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+", db_index=False)
    amount = models.BigIntegerField()
    expires_at = models.DateTimeField()
    state = models.CharField(max_length=8, default="open")
    posted_amount = models.BigIntegerField(default=0)
    resolved = models.OneToOneField(Entry, on_delete=models.PROTECT, null=True, related_name="resolves")

    class Meta:
        db_table = "ledger_hold"
        constraints = [
            models.CheckConstraint(
                condition=Q(state="open", resolved__isnull=True, posted_amount=0)
                | Q(state__in=["voided", "expired"], resolved__isnull=False, posted_amount=0)
                | Q(state="posted", resolved__isnull=False, posted_amount__gt=0, posted_amount__lte=F("amount")),
                name="ledger_hold_resolved_once",
            ),
        ]
        indexes = [models.Index(fields=["state", "expires_at"], name="ledger_hold_due")]
