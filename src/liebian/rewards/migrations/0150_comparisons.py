"""“Compare now” is asked for on the page and done by the worker."""

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("rewards", "0140_two_by_the_day")]
    operations = [
        migrations.CreateModel(
            name="Comparison",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("is_open", models.BooleanField(default=True)),
                ("asked_at", models.DateTimeField()),
                ("asked_by", models.BigIntegerField()),
                ("started_at", models.DateTimeField(null=True)),
                ("held_until", models.DateTimeField(null=True)),
                ("finished_at", models.DateTimeField(null=True)),
                ("n_done", models.PositiveIntegerField(default=0)),
                ("n_checks", models.PositiveIntegerField(default=0)),
                ("n_differences", models.PositiveIntegerField(default=0)),
                ("n_failed", models.PositiveIntegerField(default=0)),
            ],
            options={
                "db_table": "rewards_comparison",
                "constraints": [
                    models.UniqueConstraint(
                        fields=["is_open"], condition=Q(is_open=True), name="rewards_one_comparison"
                    ),
                    models.CheckConstraint(
                        condition=Q(is_open=True, finished_at=None) | Q(is_open=False, finished_at__isnull=False),
                        name="rewards_comparison_ends",
                    ),
                ],
            },
        ),
    ]
