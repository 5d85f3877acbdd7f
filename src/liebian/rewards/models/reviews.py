"""What people decide about rewards: acts on one or many, with a reason, and with a second person where the policy asks for one."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from liebian.rewards.models.rewards import Budget, Reward


class ReviewPolicy(models.Model):
    """One row: from which sum, and from how many points, on a second person has to agree."""

    mode = models.CharField(max_length=8)
    currency = models.CharField(max_length=3, blank=True)
    from_minor = models.BigIntegerField(default=0)
    from_points = models.BigIntegerField(default=0)
    changed_at = models.DateTimeField()

    class Meta:
        db_table = "rewards_review_policy"
        constraints = [models.CheckConstraint(condition=Q(pk=1), name="rewards_one_review_policy")]


class Review(models.Model):
    idempotency_key = models.CharField(max_length=64, unique=True)
    act = models.CharField(max_length=12)
    reason = models.CharField(max_length=40)
    note = models.CharField(max_length=500, blank=True)
    state = models.CharField(max_length=12)
    n_rewards = models.PositiveIntegerField()
    proposed_by = models.BigIntegerField()
    proposed_at = models.DateTimeField()
    decided_by = models.BigIntegerField(null=True)
    decided_at = models.DateTimeField(null=True)
    decision_note = models.CharField(max_length=500, blank=True)
    why_second = models.CharField(max_length=8, blank=True, default="")

    class Meta:
        db_table = "rewards_review"
        constraints = [
            models.CheckConstraint(
                condition=~Q(state="agreed") | (Q(decided_by__isnull=False) & ~Q(decided_by=F("proposed_by"))),
                name="rewards_review_by_two",
            )
        ]
        indexes = [
            models.Index(fields=["state", "id"], name="rewards_review_state"),
            models.Index(fields=["state", "proposed_at"], name="rewards_review_time"),
        ]


class ReviewItem(models.Model):
    """One reward of a review. `outcome` is empty until the act was taken, then "done", "on_arrival" (taken back when it arrives) or why it was not."""

    review = models.ForeignKey(Review, on_delete=models.PROTECT, related_name="items", db_index=False)
    reward = models.ForeignKey(Reward, on_delete=models.PROTECT, related_name="review_items")
    outcome = models.CharField(max_length=20, blank=True)

    class Meta:
        db_table = "rewards_review_item"
        constraints = [models.UniqueConstraint(fields=["review", "reward"], name="rewards_reviewed_once")]


class PointsProposal(models.Model):
    """What a review does to a customer's points: above zero it gives, below it takes. `details` is what the act needs besides."""

    review = models.OneToOneField(Review, on_delete=models.PROTECT, related_name="points")
    customer_id = models.BigIntegerField()
    asset = models.CharField(max_length=60)
    amount = models.BigIntegerField()
    details = models.JSONField(default=dict)

    class Meta:
        db_table = "rewards_review_points"
        constraints = [models.CheckConstraint(condition=~Q(amount=0), name="rewards_proposal_not_zero")]
        indexes = [models.Index(fields=["customer_id", "asset"], name="rewards_proposal_of_customer")]


class BudgetProposal(models.Model):
    """What a review puts into a budget; with a target, or where it closes the budget, what it takes out."""

    review = models.OneToOneField(Review, on_delete=models.PROTECT, related_name="budget_act")
    budget = models.ForeignKey(Budget, on_delete=models.PROTECT, related_name="+")
    target = models.ForeignKey(Budget, on_delete=models.PROTECT, related_name="+", null=True)
    amount_minor = models.BigIntegerField()

    class Meta:
        db_table = "rewards_review_funding"
        constraints = [
            models.CheckConstraint(condition=Q(amount_minor__gte=0), name="rewards_budget_act_not_below_zero")
        ]
