from django.db import migrations, models
from django.db.models import Count, Max, Min, Sum

WHAT = ("book", "asset", "kind")


def keep_what_is_proven(apps, schema_editor):
    """Sums up to the last proven entry, of all accounts that there are."""
    segment = apps.get_model("ledger", "Segment").objects.order_by("-id").first()
    if segment is None:
        return
    account, proven, kept = (apps.get_model("ledger", name) for name in ("Account", "Proven", "KeptSum"))
    balances = {
        tuple(row[:3]): row[3]
        for row in proven.objects.values_list(*(f"account__{each}" for each in WHAT)).annotate(n=Sum("balance")).order_by()
    }
    found = account.objects.order_by().values_list(*WHAT).annotate(Count("id"), Min("code"), Min("title"), Min("id"))
    kept.objects.bulk_create(
        kept(book=book, asset=asset, kind=kind, n_accounts=n, balance=balances.get((book, asset, kind), 0), first_code=code, title=title, opened=opened)
        for book, asset, kind, n, code, title, opened in found
    )
    segment.last_account = account.objects.aggregate(most=Max("id"))["most"]
    segment.save(update_fields=["last_account"])


class Migration(migrations.Migration):

    dependencies = [
        ("ledger", "0110_append_only_tables"),
    ]

    operations = [
        migrations.CreateModel(
            name="KeptSum",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("book", models.CharField(blank=True, max_length=60)),
                ("asset", models.CharField(max_length=60)),
                ("kind", models.CharField(max_length=32)),
                ("n_accounts", models.BigIntegerField(default=0)),
                ("balance", models.BigIntegerField(default=0)),
                ("first_code", models.CharField(max_length=120)),
                ("title", models.CharField(blank=True, max_length=120)),
                ("opened", models.BigIntegerField()),
            ],
            options={
                "db_table": "ledger_kept_sum",
                "constraints": [
                    models.UniqueConstraint(fields=("book", "asset", "kind"), name="ledger_kept_sum_once"),
                ],
            },
        ),
        migrations.AddField("segment", "last_account", models.BigIntegerField(null=True)),
        migrations.RunPython(keep_what_is_proven, migrations.RunPython.noop),
    ]
