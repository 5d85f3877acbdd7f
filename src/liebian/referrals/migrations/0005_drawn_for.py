from django.db import migrations, models
from django.db.models import F


def remember_today(apps, schema_editor):
    """Whom a participation was drawn for before people were merged is not known any more."""
    apps.get_model("referrals", "Participation").objects.update(drawn_for=F("customer_id"))


class Migration(migrations.Migration):
    dependencies = [("referrals", "0004_no_cap")]

    operations = [
        migrations.AddField("participation", "drawn_for", models.BigIntegerField(default=0), preserve_default=False),
        migrations.RunPython(remember_today, migrations.RunPython.noop, elidable=True),
    ]
