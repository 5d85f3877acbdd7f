"""Sums by hour and day of what is already proven, read once from its postings, segment by segment; and what the database refuses of them."""

from collections import defaultdict
from datetime import UTC

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import Sum
from django.db.models.functions import TruncHour

MESSAGE = "ledger entries are never changed or removed"
TABLE = "ledger_hour_sum"
_REFUSED = {"no_delete": "BEFORE DELETE", "fixed": "BEFORE UPDATE"}


def refuse_changes(apps, schema_editor):
    with schema_editor.connection.cursor() as cursor:
        if schema_editor.connection.vendor == "postgresql":
            act = "EXECUTE FUNCTION ledger_append_only()"
            for name, when in _REFUSED.items():
                cursor.execute(f"CREATE OR REPLACE TRIGGER {TABLE}_{name} {when} ON {TABLE} FOR EACH ROW {act}")
            cursor.execute(
                f"CREATE OR REPLACE TRIGGER {TABLE}_no_truncate BEFORE TRUNCATE ON {TABLE} FOR EACH STATEMENT {act}"
            )
            return
        for name, when in _REFUSED.items():
            cursor.execute(
                f"CREATE TRIGGER IF NOT EXISTS {TABLE}_{name} {when} ON {TABLE} BEGIN SELECT RAISE(ABORT, '{MESSAGE}'); END"
            )


def keep_what_is_proven(apps, schema_editor):
    segment, posting, kept, hour_sum, day_sum = (
        apps.get_model("ledger", name) for name in ("Segment", "Posting", "KeptSum", "HourSum", "DaySum")
    )
    keys = {tuple(what): key for key, *what in kept.objects.values_list("id", "book", "asset", "kind")}
    days = defaultdict(int)
    for part in segment.objects.order_by("id"):
        rows = posting.objects.filter(entry_id__gt=part.after_entry, entry_id__lte=part.last_entry).order_by()
        rows = rows.annotate(hour=TruncHour("entry__effective_at", tzinfo=UTC))
        sums = rows.values_list("account__book", "account__asset", "account__kind", "hour").annotate(n=Sum("amount"))
        made = [
            hour_sum(what_id=keys[book, asset, kind], segment=part, hour=hour, amount=int(n))
            for book, asset, kind, hour, n in sums
            if n
        ]
        hour_sum.objects.bulk_create(made, batch_size=5000)
        for row in made:
            days[row.what_id, row.hour.astimezone(UTC).date()] += row.amount
    day_sum.objects.bulk_create(
        (day_sum(what_id=what, day=day, amount=amount) for (what, day), amount in sorted(days.items())), batch_size=5000
    )


class Migration(migrations.Migration):
    dependencies = [("ledger", "0130_postings_checked_as_sets")]

    operations = [
        migrations.AddIndex("entry", models.Index(fields=["effective_at"], name="ledger_entry_effective")),
        migrations.CreateModel(
            name="HourSum",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("hour", models.DateTimeField()),
                ("amount", models.BigIntegerField()),
                ("what", models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="hours", to="ledger.keptsum")),
                ("segment", models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="ledger.segment")),
            ],
            options={
                "db_table": TABLE,
                "indexes": [models.Index(fields=["what", "hour"], name="ledger_hour_sum_of_kind")],
                "constraints": [models.UniqueConstraint(fields=("segment", "what", "hour"), name="ledger_hour_sum_once")],
            },
        ),
        migrations.CreateModel(
            name="DaySum",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("day", models.DateField()),
                ("amount", models.BigIntegerField()),
                ("what", models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="days", to="ledger.keptsum")),
            ],
            options={
                "db_table": "ledger_day_sum",
                "constraints": [models.UniqueConstraint(fields=("what", "day"), name="ledger_day_sum_once")],
            },
        ),
        migrations.RunPython(refuse_changes, migrations.RunPython.noop),
        migrations.RunPython(keep_what_is_proven, migrations.RunPython.noop),
    ]
