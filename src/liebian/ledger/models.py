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
            models.Index(fields=["effective_at"], name="ledger_entry_effective"),
        ]


class Posting(models.Model):
    """On PostgreSQL a trigger looks up what the rows of a statement name, in the place of the foreign keys."""

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


class Segment(models.Model):
    """Entries that were proven together: what the next proof goes on from, and what a change of the past is found by.

    `digest` is chained: it stands for these entries and for every one before them. `last_account` is the last one counted in
    the kept sums.
    """

    after_entry = models.BigIntegerField(unique=True)
    last_entry = models.BigIntegerField(unique=True)
    n_entries = models.PositiveIntegerField()
    n_postings = models.PositiveIntegerField()
    turnover = models.JSONField(default=dict)
    digest = models.CharField(max_length=64)
    inserted_from = models.DateTimeField()
    inserted_to = models.DateTimeField()
    checked_at = models.DateTimeField()
    last_account = models.BigIntegerField(null=True)

    class Meta:
        db_table = "ledger_segment"
        indexes = [models.Index(fields=["checked_at", "id"], name="ledger_segment_checked")]


class Proven(models.Model):
    """What an account held after the last proven entry, summed from its postings. A busy one has statements.

    The database does not look accounts up for a proof: that would lock them in an order of its own, against those who post.
    """

    account = models.OneToOneField(
        Account, on_delete=models.PROTECT, primary_key=True, related_name="+", db_constraint=False
    )
    balance = models.BigIntegerField()
    n_postings = models.BigIntegerField()
    busy_after = models.BigIntegerField(null=True)

    class Meta:
        db_table = "ledger_proven"


class KeptSum(models.Model):
    """What the accounts of one kind in a book held together after the last proven entry, so that pages need not read them all.

    Derived from Proven and Account. `first_code`, `title` and `opened` are the smallest of their codes, titles and ids.
    """

    book = models.CharField(max_length=60, blank=True)
    asset = models.CharField(max_length=60)
    kind = models.CharField(max_length=32)
    n_accounts = models.BigIntegerField(default=0)
    balance = models.BigIntegerField(default=0)
    first_code = models.CharField(max_length=120)
    title = models.CharField(max_length=120, blank=True)
    opened = models.BigIntegerField()

    class Meta:
        db_table = "ledger_kept_sum"
        constraints = [models.UniqueConstraint(fields=["book", "asset", "kind"], name="ledger_kept_sum_once")]


class HourSum(models.Model):
    """What one segment's entries of one hour (by effective time) did to the accounts of a kind in a book. Never changed."""

    what = models.ForeignKey(KeptSum, on_delete=models.PROTECT, related_name="hours", db_index=False)
    segment = models.ForeignKey(Segment, on_delete=models.PROTECT, related_name="+", db_index=False)
    hour = models.DateTimeField()
    amount = models.BigIntegerField()

    class Meta:
        db_table = "ledger_hour_sum"
        constraints = [models.UniqueConstraint(fields=["segment", "what", "hour"], name="ledger_hour_sum_once")]
        indexes = [models.Index(fields=["what", "hour"], name="ledger_hour_sum_of_kind")]


class DaySum(models.Model):
    """What all proven entries of one day (UTC, by effective time) did to the accounts of a kind in a book. Derived from HourSum."""

    what = models.ForeignKey(KeptSum, on_delete=models.PROTECT, related_name="days", db_index=False)
    day = models.DateField()
    amount = models.BigIntegerField()

    class Meta:
        db_table = "ledger_day_sum"
        constraints = [models.UniqueConstraint(fields=["what", "day"], name="ledger_day_sum_once")]


class Statement(models.Model):
    """What one segment's entries of one hour (by effective time) did to a busy account."""

    account = models.ForeignKey(
        Account, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    segment = models.ForeignKey(Segment, on_delete=models.PROTECT, related_name="+", db_index=False)
    hour = models.DateTimeField()
    amount = models.BigIntegerField()
    first_entry = models.BigIntegerField()
    last_entry = models.BigIntegerField()

    class Meta:
        db_table = "ledger_statement"
        indexes = [models.Index(fields=["account", "hour"], name="ledger_statement_of_account")]


class Proof(models.Model):
    """One run of the proof: how far it came, how much was new, and what was off."""

    at = models.DateTimeField()
    is_full = models.BooleanField()
    position = models.BigIntegerField()
    n_new = models.BigIntegerField()
    n_entries = models.BigIntegerField()
    n_accounts = models.BigIntegerField()
    digest = models.CharField(max_length=64)
    findings = models.JSONField(default=list)

    class Meta:
        db_table = "ledger_proof"


class FullProof(models.Model):
    """A proof of everything that somebody asked for: how far it is, and the proof that it came to."""

    state = models.CharField(max_length=10, default="waiting")
    asked_at = models.DateTimeField()
    asked_by = models.BigIntegerField(null=True)
    n_done = models.BigIntegerField(default=0)
    n_total = models.BigIntegerField(default=0)
    finished_at = models.DateTimeField(null=True)
    proof = models.ForeignKey(Proof, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    error = models.CharField(max_length=500, blank=True)

    class Meta:
        db_table = "ledger_full_proof"
        constraints = [
            models.UniqueConstraint(fields=["state"], condition=Q(state="waiting"), name="ledger_one_full_proof_waits")
        ]
