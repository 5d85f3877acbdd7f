from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("rewards", "0041_privileges")]

    operations = [
        migrations.AddField(
            model_name="offer", name="tax", field=models.CharField(default="none", max_length=20)
        ),
    ]
