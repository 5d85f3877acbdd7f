"""Money that left without us is recorded by two people."""

from django.db import migrations, models
from django.db.models import F, Q
from django.db.models.deletion import PROTECT


class Migration(migrations.Migration):
    dependencies = [("payouts", "0010_pace")]

    operations = [
        migrations.CreateModel(
            name="Recording",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("state", models.CharField(max_length=12)),
                ("reference", models.CharField(max_length=64)),
                ("note", models.CharField(max_length=500)),
                ("proposed_by", models.BigIntegerField()),
                ("proposed_at", models.DateTimeField()),
                ("decided_by", models.BigIntegerField(null=True)),
                ("decided_at", models.DateTimeField(null=True)),
                ("finding", models.ForeignKey(on_delete=PROTECT, related_name="recordings", to="payouts.finding")),
            ],
            options={
                "db_table": "payouts_recording",
                "constraints": [
                    models.UniqueConstraint(
                        fields=["finding"], condition=Q(state="proposed"), name="payouts_one_recording"
                    ),
                    models.CheckConstraint(
                        condition=~Q(state="approved")
                        | (Q(decided_by__isnull=False) & ~Q(decided_by=F("proposed_by"))),
                        name="payouts_recording_by_two",
                    ),
                ],
            },
        ),
    ]
