from django.db import migrations, models

STORE = models.CharField(default="", max_length=100)
IDENTIFIER = models.CharField(default="", max_length=32)


class Migration(migrations.Migration):
    dependencies = [("orders", "0003_vocabulary")]

    operations = [
        migrations.AddField(model_name="order", name="store", field=STORE),
        migrations.AddField(model_name="order", name="identifier", field=IDENTIFIER),
        migrations.AddField(model_name="orderchange", name="store", field=STORE.clone()),
        migrations.AddField(model_name="orderchange", name="identifier", field=IDENTIFIER.clone()),
    ]
