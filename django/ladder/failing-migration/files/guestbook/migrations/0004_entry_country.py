from django.db import migrations, models

# It fills the new column only; the release before does not know it.
compatible = True


def fill_country(apps, schema_editor):
    for entry in apps.get_model("guestbook", "Entry").objects.exclude(place=""):
        _town, entry.country = entry.place.split(", ")
        entry.save(update_fields=["country"])


class Migration(migrations.Migration):
    dependencies = [("guestbook", "0003_entry_lamps")]
    operations = [
        migrations.AddField("entry", "country", models.CharField(max_length=40, db_default="", editable=False)),
        migrations.RunPython(fill_country, migrations.RunPython.noop),
    ]
