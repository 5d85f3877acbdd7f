from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("rewards", "0120_shop_calls")]

    operations = [migrations.AddField(model_name="budget", name="closures", field=models.JSONField(default=list))]
