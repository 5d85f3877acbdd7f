"""What a person gives, takes or passes on can wait for a second person, not only corrections."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("rewards", "0130_causes_without_patterns")]
    operations = [
        migrations.AddField(model_name="pointsproposal", name="details", field=models.JSONField(default=dict)),
    ]
