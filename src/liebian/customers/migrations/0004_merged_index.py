from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("customers", "0003_seen_ids")]

    operations = [
        migrations.AddIndex(
            model_name="customer",
            index=models.Index(
                condition=models.Q(("merged_into__isnull", False)), fields=["merged_into"], name="customer_merged_into"
            ),
        ),
    ]
