from django.db import migrations

# The old code reads these like any other entry.
compatible = True

FIRST_ENTRIES = [
    ("Inês", "Cabo de São Vicente", "Counted eleven ships before breakfast. The twelfth sounded its horn for me."),
    (
        "Tomé",
        "Salvador",
        "My grandfather kept this light for thirty years. It is smaller than he told it, and brighter.",
    ),
    (
        "The keeper",
        "Up the stairs",
        "Welcome! The lamp is lit from dusk to dawn. Leave a line before you climb down again.",
    ),
]


def write_first_entries(apps, schema_editor):
    entry = apps.get_model("guestbook", "Entry")
    if not entry.objects.exists():
        for name, place, message in FIRST_ENTRIES:
            entry.objects.create(name=name, place=place, message=message)


class Migration(migrations.Migration):
    dependencies = [("guestbook", "0001_initial")]
    operations = [migrations.RunPython(write_first_entries, migrations.RunPython.noop)]
