from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("guestbook", "0002_first_entries")]
    operations = [
        # db_default: the release before does not name the column in its INSERT.
        migrations.AddField("entry", "lamps", models.PositiveIntegerField(db_default=0, editable=False)),
    ]
