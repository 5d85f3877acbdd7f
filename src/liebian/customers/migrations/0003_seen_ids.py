"""People's ids in the log with people stay as they were resolved; whoever was merged points to who stands today."""

from django.db import migrations, models

_FOLLOW = (
    "UPDATE customers_customer SET merged_into = (SELECT next.merged_into FROM customers_customer next "
    "WHERE next.id = customers_customer.merged_into) WHERE merged_into IN "
    "(SELECT id FROM customers_customer WHERE merged_into IS NOT NULL)"
)


def shorten_paths(apps, editor):
    with editor.connection.cursor() as cursor:
        cursor.execute(_FOLLOW)
        while cursor.rowcount > 0:
            cursor.execute(_FOLLOW)


def date_receipts(apps, editor):
    """Rows from before knew only when the event happened."""
    with editor.connection.cursor() as cursor:
        cursor.execute("UPDATE customers_customerevent SET received_ms = at_ms")


class Migration(migrations.Migration):
    dependencies = [("customers", "0002_filters")]

    operations = [
        migrations.RemoveIndex(model_name="customerevent", name="customerevent_by_name"),
        migrations.AddField(
            model_name="customerevent", name="received_ms", field=models.BigIntegerField(default=0), preserve_default=False
        ),
        migrations.AddField(model_name="identitychange", name="before", field=models.JSONField(null=True)),
        migrations.RunPython(shorten_paths, migrations.RunPython.noop),
        migrations.RunPython(date_receipts, migrations.RunPython.noop),
    ]
