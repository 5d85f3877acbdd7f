import django.db.models.deletion
from django.db import migrations, models

COPY = """
INSERT INTO customers_seen (customer_id, is_known, last_seen_at, changed_by_event)
SELECT id, is_known, last_seen_at, changed_by_event FROM customers_customer
"""
COPY_BACK = """
UPDATE customers_customer SET (last_seen_at, changed_by_event) =
(SELECT last_seen_at, changed_by_event FROM customers_seen WHERE customer_id = customers_customer.id)
"""


class Migration(migrations.Migration):
    dependencies = [("customers", "0004_merged_index")]

    operations = [
        migrations.CreateModel(
            name="CustomerSeen",
            fields=[
                (
                    "customer",
                    models.OneToOneField(
                        db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, primary_key=True,
                        related_name="seen", serialize=False, to="customers.customer",
                    ),
                ),
                ("is_known", models.BooleanField(default=False)),
                ("last_seen_at", models.DateTimeField()),
                ("changed_by_event", models.BigIntegerField(db_index=True, default=0)),
            ],
            options={"db_table": "customers_seen"},
        ),
        migrations.AlterField("customer", "last_seen_at", models.DateTimeField(null=True)),  # for the way back
        migrations.RunSQL(COPY, COPY_BACK),
        migrations.RemoveIndex("customer", "customer_by_seen"),
        migrations.RemoveField("customer", "last_seen_at"),
        migrations.RemoveField("customer", "changed_by_event"),
        migrations.AddIndex(
            "customerseen",
            models.Index(fields=["is_known", "-last_seen_at", "-customer"], name="customer_by_seen"),
        ),
    ]  # fmt: skip
