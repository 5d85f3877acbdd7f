from django.db import migrations, models
from django.db.models.deletion import PROTECT


class Migration(migrations.Migration):
    dependencies = [("payouts", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="account", name="calls_a_minute", field=models.PositiveIntegerField(default=300)
        ),
        migrations.CreateModel(
            name="Pace",
            fields=[
                (
                    "account",
                    models.OneToOneField(
                        on_delete=PROTECT, primary_key=True, serialize=False, to="payouts.account"
                    ),
                ),
                ("calls", models.JSONField(default=list)),
            ],
            options={"db_table": "payouts_pace"},
        ),
    ]
