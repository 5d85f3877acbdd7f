"""Lots that end together are found in the order of their customers, and all lots of a customer; lapses and merges are kept."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("rewards", "0090_points_reviews")]
    operations = [
        migrations.AddField(
            model_name="pointswallet",
            name="lapsed_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.CreateModel(
            name="PointsMerge",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("loser_id", models.BigIntegerField(unique=True)),
                ("winner_id", models.BigIntegerField(db_index=True)),
                ("position", models.BigIntegerField()),
                ("at", models.DateTimeField()),
                ("moved", models.JSONField(default=dict)),
            ],
            options={"db_table": "rewards_points_merge"},
        ),
        migrations.RemoveIndex(model_name="pointslot", name="rewards_lot_due"),
        migrations.RemoveIndex(model_name="pointslot", name="rewards_lot_of_customer"),
        migrations.AddIndex(
            model_name="pointslot",
            index=models.Index(fields=["customer_id", "expires_at"], name="rewards_lot_by_customer"),
        ),
        migrations.AddIndex(
            model_name="pointslot",
            index=models.Index(
                condition=models.Q(("remaining__gt", 0)),
                fields=["expires_at", "customer_id", "id"],
                name="rewards_lot_ending",
            ),
        ),
    ]
