"""Tables of referrals.

Records (they survive a replay of the log): Programme, ProgrammeChange, Participation. Everything else is derived from the log
and these records, and is rebuilt from them: Touch, Referral, Qualification, ReferralDecision, Outcome.
SignUpWindow is neither: it is forgotten within the hour.
"""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class Programme(models.Model):
    """`draft` keeps what was typed, step by step; publishing freezes it into the columns and counts `version` up."""

    name = models.CharField(max_length=120)
    status = models.CharField(max_length=10, default="draft")
    version = models.PositiveIntegerField(default=0)
    draft = models.JSONField(default=dict)
    segment_id = models.BigIntegerField(null=True)
    starts_on = models.DateField(null=True)
    ends_on = models.DateField(null=True)
    zone = models.CharField(max_length=40)
    holdout_percent = models.PositiveSmallIntegerField(default=10)
    salt = models.CharField(max_length=40)
    budget_id = models.BigIntegerField(null=True)
    budget_minor = models.BigIntegerField(default=0)
    currency = models.CharField(max_length=3)
    min_order_minor = models.BigIntegerField(default=0)
    hold_days = models.PositiveSmallIntegerField(default=7)
    limits = models.JSONField(default=list)
    referrer_offer_id = models.BigIntegerField(null=True)
    friend_offer_id = models.BigIntegerField(null=True)
    texts = models.JSONField(default=dict)
    created_at = models.DateTimeField()
    created_by = models.BigIntegerField(null=True)
    published_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "referrals_programme"
        constraints = [
            models.CheckConstraint(condition=Q(holdout_percent__lte=50), name="programme_holdout_at_most_half"),
            models.CheckConstraint(condition=Q(hold_days__lte=90), name="programme_hold_at_most_90"),
            models.CheckConstraint(
                condition=Q(status="draft") | Q(published_at__isnull=False, budget_id__isnull=False),
                name="programme_published_is_whole",
            ),
        ]


class ProgrammeChange(models.Model):
    """Append-only: when the programme ran, so that an event is judged by the status of its own time."""

    programme = models.ForeignKey(Programme, on_delete=models.PROTECT, related_name="changes")
    status = models.CharField(max_length=10)
    at = models.DateTimeField()
    actor = models.BigIntegerField(null=True)

    class Meta:
        db_table = "referrals_programmechange"


class Participation(models.Model):
    """Drawn when the programme is published, before anybody is asked. It follows whom `drawn_for` turns out to be."""

    programme = models.ForeignKey(Programme, on_delete=models.PROTECT, related_name="participations")
    customer_id = models.BigIntegerField(db_index=True)
    drawn_for = models.BigIntegerField()
    arm = models.CharField(max_length=8)
    code = models.CharField(max_length=12, unique=True)
    drawn_at = models.DateTimeField()

    class Meta:
        db_table = "referrals_participation"
        constraints = [models.UniqueConstraint(fields=["programme", "customer_id"], name="participation_once")]
        indexes = [models.Index(fields=["programme", "arm", "id"], name="participation_by_arm")]


class Touch(models.Model):
    """Append-only: the inviter's page seen, the link shared, the link opened. A touch never grants anything."""

    event_id = models.BigIntegerField(primary_key=True)
    programme = models.ForeignKey(Programme, on_delete=models.PROTECT)
    participation = models.ForeignKey(Participation, on_delete=models.PROTECT, related_name="touches")
    kind = models.CharField(max_length=8)  # viewed, shared, opened
    customer_id = models.BigIntegerField(db_index=True)
    channel = models.CharField(max_length=60)
    at = models.DateTimeField()

    class Meta:
        db_table = "referrals_touch"
        indexes = [models.Index(fields=["programme", "kind", "participation"], name="touch_of_programme")]


class Referral(models.Model):
    """Who was brought by whom. The id is that of the sign-up event. One referrer per friend and programme."""

    id = models.BigIntegerField(primary_key=True)
    programme = models.ForeignKey(Programme, on_delete=models.PROTECT)
    referrer_id = models.BigIntegerField(db_index=True)
    referee_id = models.BigIntegerField(db_index=True)
    code = models.CharField(max_length=12)
    state = models.CharField(max_length=10)
    reason = models.CharField(max_length=40, blank=True)
    channel = models.CharField(max_length=60)
    bound_at = models.DateTimeField()
    trace = models.JSONField(default=list)

    class Meta:
        db_table = "referrals_referral"
        constraints = [
            models.UniqueConstraint(fields=["programme", "referee_id"], name="referral_one_referrer"),
            models.CheckConstraint(
                condition=~Q(referrer_id=models.F("referee_id")) | Q(state="refused"), name="referral_not_oneself"
            ),
        ]
        indexes = [
            models.Index(fields=["programme", "state", "id"], name="referral_of_programme"),
            models.Index(fields=["programme", "referrer_id"], name="referral_by_referrer"),
        ]


class Qualification(models.Model):
    """One order of a friend, judged once. `net_minor` follows refunds; the order itself belongs to `orders`."""

    referral = models.ForeignKey(Referral, on_delete=models.PROTECT, related_name="qualifications")
    programme = models.ForeignKey(Programme, on_delete=models.PROTECT)
    order_id = models.BigIntegerField(db_index=True)
    order_external_id = models.CharField(max_length=100)
    outcome = models.CharField(max_length=10)
    reason = models.CharField(max_length=40, blank=True)
    amount_minor = models.BigIntegerField()
    net_minor = models.BigIntegerField()
    at = models.DateTimeField()
    event_id = models.BigIntegerField()

    class Meta:
        db_table = "referrals_qualification"
        constraints = [models.UniqueConstraint(fields=["programme", "order_external_id"], name="order_judged_once")]
        indexes = [models.Index(fields=["programme", "outcome", "at"], name="qualification_by_outcome")]


class SignUpWindow(models.Model):
    """Sign-ups tried by one visitor, or from one address, since `started_at`. The key is a keyed hash, so it names nobody."""

    key = models.BinaryField(max_length=16, primary_key=True)
    started_at = models.DateTimeField(db_index=True)
    attempts = models.PositiveIntegerField(default=0)

    class Meta:
        db_table = "referrals_signupwindow"


class ReferralDecision(models.Model):
    """What each side got out of a qualification. Both sides are written together, with the reason of each."""

    qualification = models.ForeignKey(Qualification, on_delete=models.PROTECT, related_name="decisions")
    role = models.CharField(max_length=10)
    customer_id = models.BigIntegerField(db_index=True)
    outcome = models.CharField(max_length=10)
    reason = models.CharField(max_length=40, blank=True)
    reward_id = models.BigIntegerField(null=True)
    trace = models.JSONField(default=list)

    class Meta:
        db_table = "referrals_decision"
        constraints = [models.UniqueConstraint(fields=["qualification", "role"], name="decision_one_per_role")]


class Outcome(models.Model):
    """The outbox: what is to be told to the log. Written with its cause, told after the transaction, in order."""

    cause = models.CharField(max_length=200, unique=True)
    name = models.CharField(max_length=40)
    customer_id = models.BigIntegerField(db_index=True)
    programme_id = models.BigIntegerField(null=True)
    properties = models.JSONField(default=dict)
    at = models.DateTimeField()

    class Meta:
        db_table = "referrals_outcome"
