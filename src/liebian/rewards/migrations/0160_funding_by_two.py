"""Money that goes into a budget by two people."""

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("rewards", "0152_deadlines")]
    operations = [
        migrations.CreateModel(
            name="FundingProposal",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("amount_minor", models.BigIntegerField()),
                (
                    "budget",
                    models.ForeignKey(on_delete=models.deletion.PROTECT, related_name="+", to="rewards.budget"),
                ),
                (
                    "review",
                    models.OneToOneField(
                        on_delete=models.deletion.PROTECT, related_name="funding", to="rewards.review"
                    ),
                ),
            ],
            options={
                "db_table": "rewards_review_funding",
                "constraints": [
                    models.CheckConstraint(condition=Q(amount_minor__gt=0), name="rewards_funding_above_zero")
                ],
            },
        ),
    ]
