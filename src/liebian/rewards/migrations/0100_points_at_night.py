"""Lots that end together are found in the order of their customers; when a customer's balance last lapsed is kept."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("rewards", "0080_money")]
    operations = [
        migrations.AddField(
            model_name="pointswallet",
            name="lapsed_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.RemoveIndex(model_name="pointslot", name="rewards_lot_due"),
        migrations.AddIndex(
            model_name="pointslot",
            index=models.Index(
                condition=models.Q(("remaining__gt", 0)),
                fields=["expires_at", "customer_id", "id"],
                name="rewards_lot_ending",
            ),
        ),
    ]
