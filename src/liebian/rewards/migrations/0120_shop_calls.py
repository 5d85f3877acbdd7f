from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("rewards", "0110_liability")]

    operations = [
        migrations.AddField(model_name="shopkey", name="minute", field=models.BigIntegerField(default=0)),
        migrations.AddField(model_name="shopkey", name="n_calls", field=models.PositiveIntegerField(default=0)),
    ]
