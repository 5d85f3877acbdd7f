"""Acts of one day are counted together, so they are found by their time, and why one waits is kept."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("rewards", "0131_points_by_two")]
    operations = [
        migrations.AddField(
            model_name="review",
            name="why_second",
            field=models.CharField(blank=True, default="", max_length=8),
        ),
        migrations.AddIndex(
            model_name="review",
            index=models.Index(fields=["state", "proposed_at"], name="rewards_review_time"),
        ),
    ]
