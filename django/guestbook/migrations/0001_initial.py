import django.core.validators
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [
        migrations.CreateModel(
            name="Entry",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=60)),
                ("place", models.CharField(blank=True, max_length=80, verbose_name="where from")),
                (
                    "message",
                    models.TextField(max_length=500, validators=[django.core.validators.MinLengthValidator(2)]),
                ),
                ("written_at", models.DateTimeField(auto_now_add=True)),
            ],
            options={"verbose_name_plural": "entries", "ordering": ["-id"]},
        ),
    ]
