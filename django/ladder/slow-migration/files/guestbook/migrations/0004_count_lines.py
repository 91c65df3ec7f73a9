from django.db import migrations

# It only reads.
compatible = True


class Migration(migrations.Migration):
    dependencies = [("guestbook", "0003_entry_lamps")]
    operations = [
        # Stands for going through a table of many millions of rows.
        migrations.RunSQL("SELECT count(*), pg_sleep(6) FROM guestbook_entry", migrations.RunSQL.noop),
    ]
