"""Whether a registered event may carry fields that its schema does not name."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("events", "0003_intake")]

    operations = [
        migrations.AddField(model_name="schema", name="other_fields", field=models.BooleanField(default=True)),
    ]
