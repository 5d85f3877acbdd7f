from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("rewards", "0071_reconciliation")]

    operations = [
        migrations.AddField(
            model_name="offer", name="tax", field=models.CharField(default="none", max_length=20)
        ),
    ]
